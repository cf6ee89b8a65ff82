"""For agents: the graph through the Model Context Protocol."""
