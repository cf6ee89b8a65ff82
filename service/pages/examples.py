"""Queries to try on the page of the editor that are no documented questions: search in SPARQL."""

from collections.abc import Iterator
from typing import Final

from ontology.terms import Names

Example = dict[str, str]

#: the query in the form when nothing was asked yet
FIRST_QUERY: Final = """\
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?concept ?notation ?label WHERE {
  ?concept skos:notation ?notation ; skos:prefLabel ?label .
  FILTER(LANG(?label) = "ja")
} ORDER BY ?concept
LIMIT 20
"""
_PREFIXES: Final = """\
PREFIX cco: <https://w3id.org/ccgraph/ontology#>
PREFIX ccg: <https://w3id.org/ccgraph/id/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

"""
_WORK: Final = """\
SELECT ?competency ?label ?score ?work WHERE {
  { SELECT ?competency ?score WHERE {
      ?competency a cco:Competency ; skos:inScheme ccg:cmbok2 .
      BIND(cco:similarity(?competency, "怒っているお客様をなだめる") AS ?score)
    } ORDER BY DESC(?score) LIMIT 10 }
  ?competency skos:prefLabel ?label FILTER(LANG(?label) = "ja")
  OPTIONAL { ?work cco:requiresPrimarily ?competency }
} ORDER BY DESC(?score) ?work
"""
_LEVEL: Final = """\
SELECT ?item ?label ?level (ROUND(100 * cco:matches(?item, ?text)) AS ?percent) WHERE {
  VALUES ?text { "クレームの記録" }
  ?item a cco:EvaluationItem ; skos:prefLabel ?label ; cco:atSkillLevel ?level .
  FILTER(cco:matches(?item, ?text))
} ORDER BY DESC(?percent) ?item
"""
_ANY: Final = """\
SELECT ?concept ?label ?score WHERE {
  ?concept skos:prefLabel ?label .
  BIND(cco:similarity(?concept, "customer service") AS ?score)
} ORDER BY DESC(?score) LIMIT 10
"""


def examples(names: Names, ours: bool) -> Iterator[Example]:
    """Title, English title and query of each; on a foreign graph only what any graph answers."""
    found = (
        ("意味の近い能力十件と、それを主に使う仕事", "Ten nearest competencies, their work", _WORK),
        ("語を含む評価項目とスキルレベル", "Items that share words, their levels", _LEVEL),
    )
    for title, title_en, query in (
        found if ours else (("意味の近い概念", "Nearest concepts", _ANY),)
    ):
        text = names.rebased(_PREFIXES + query)
        yield {"title": title, "title_en": title_en, "query": text}
