"""The questions behind a concept's page. `?concept` is bound by the caller.

A bound variable has to be projected (SEP-0007), which is why each query selects `?concept`.
"""

from typing import Final

STATEMENTS: Final = "SELECT DISTINCT ?concept ?p ?o WHERE { ?concept ?p ?o }"

NEIGHBOURS: Final = """
SELECT DISTINCT ?concept ?direction ?p ?other ?label ?notation ?class WHERE {
  { ?concept ?p ?other FILTER(isIRI(?other)) BIND("out" AS ?direction) }
  UNION
  { ?other ?p ?concept FILTER(isIRI(?other)) BIND("in" AS ?direction)
    FILTER(?p NOT IN (skos:inScheme, skos:topConceptOf, sssom:subject_id, sssom:object_id)) }
  OPTIONAL { ?other skos:prefLabel ?label }
  OPTIONAL { ?other skos:notation ?notation }
  OPTIONAL { ?other a ?class FILTER(?class != skos:Concept) }
}
"""

#: one step up: a path of any length makes the engine begin with every pair of the graph
PARENTS: Final = """
SELECT DISTINCT ?concept ?other ?label ?notation ?class WHERE {
  ?concept (skos:broader|^skos:narrower) ?other FILTER(isIRI(?other))
  OPTIONAL { ?other skos:prefLabel ?label }
  OPTIONAL { ?other skos:notation ?notation }
  OPTIONAL { ?other a ?class FILTER(?class != skos:Concept) }
}
"""

TOPS: Final = """
SELECT DISTINCT ?concept ?other ?label ?notation ?class WHERE {
  ?concept a skos:ConceptScheme .
  ?other skos:inScheme|skos:topConceptOf|^skos:hasTopConcept ?concept .
  FILTER NOT EXISTS { ?other skos:broader|^skos:narrower ?above }
  OPTIONAL { ?other skos:prefLabel ?label }
  OPTIONAL { ?other skos:notation ?notation }
  OPTIONAL { ?other a ?class FILTER(?class != skos:Concept) }
}
"""

#: each arm begins with the concept; outside them the engine would begin with every mapping
MAPPINGS: Final = """
SELECT DISTINCT ?concept ?mapping ?subject ?property ?object
    ?comment ?confidence ?author ?date ?justification WHERE {
  {
    ?mapping sssom:subject_id ?concept, ?subject ;
      sssom:predicate_id ?property ; sssom:object_id ?object
  } UNION {
    ?mapping sssom:object_id ?concept, ?object ;
      sssom:predicate_id ?property ; sssom:subject_id ?subject
  }
  OPTIONAL { ?mapping sssom:comment ?comment }
  OPTIONAL { ?mapping sssom:confidence ?confidence }
  OPTIONAL { ?mapping sssom:author_label|sssom:mapping_tool ?author }
  OPTIONAL { ?mapping sssom:mapping_date ?date }
  OPTIONAL { ?mapping sssom:mapping_justification ?justification }
}
"""

SUCCESSION: Final = """
SELECT DISTINCT ?concept ?other ?label ?notation ?class WHERE {
  ?concept skos:inScheme? ?scheme .
  ?scheme a skos:ConceptScheme ; dcterms:isReplacedBy ?other .
  OPTIONAL { ?other skos:prefLabel ?label }
  OPTIONAL { ?other skos:notation ?notation }
  OPTIONAL { ?other a ?class FILTER(?class != skos:Concept) }
}
"""

DOCUMENTS: Final = """
SELECT DISTINCT ?concept ?span ?name WHERE {
  ?concept prov:wasDerivedFrom ?span .
  BIND(IRI(STRBEFORE(STR(?span), "#")) AS ?document)
  OPTIONAL { ?document schema:name ?name }
}
"""
