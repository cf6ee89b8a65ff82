"""From texts to records to one RDF graph."""
