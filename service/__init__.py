"""From one RDF graph to answers: SPARQL, search, pages."""
