"""Codes as people type them, and the entities they stand for."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from service.graph.store import Graph, Row
from service.state import Meaning

#: everything that is written for a hyphen, long vowel marks and minus signs included
_HYPHENS: Final = re.compile(r"[\s\-‐-―−ー~〜_]")
_LOOSE: Final = re.compile(r"[\s・･·]")

#: sub-selects make the engine join tables instead of asking every graph about every entity
_CODES: Final = """
SELECT DISTINCT ?entity ?code ?scheme ?edition ?successor ?ja ?any WHERE {
  { SELECT ?entity ?code WHERE { ?entity skos:notation ?code } }
  OPTIONAL {
    { SELECT ?entity ?scheme WHERE { ?entity skos:inScheme ?scheme } }
    OPTIONAL { SELECT ?scheme ?edition WHERE { ?scheme owl:versionInfo ?edition } }
    OPTIONAL { SELECT ?scheme ?successor WHERE { ?scheme dcterms:isReplacedBy ?successor } }
  }
  OPTIONAL {
    SELECT ?entity (MIN(STR(?name)) AS ?any) WHERE { ?entity skos:prefLabel ?name }
    GROUP BY ?entity
  }
  OPTIONAL {
    SELECT ?entity (MIN(STR(?name)) AS ?ja) WHERE {
      ?entity skos:prefLabel ?name FILTER(LANG(?name) = "ja")
    } GROUP BY ?entity
  }
  MINUS { SELECT ?entity WHERE { ?entity owl:deprecated true } }
}
"""


@dataclass(frozen=True)
class Notations:
    """The codes of a graph, read when the first one is asked for."""

    graph: Graph

    def meanings(self, code: str) -> Sequence[Meaning]:
        """The entities that carry a code in any spelling: current ones first, newest first."""
        return self._table.get(fold(code), ())

    @cached_property
    def _table(self) -> Mapping[str, Sequence[Meaning]]:
        table: dict[str, dict[str, Row]] = defaultdict(dict)
        for row in self.graph.rows(_CODES):
            table[fold(row["code"])].setdefault(row["entity"], row)
        return {code: self._ranked(list(rows.values())) for code, rows in table.items()}

    def _ranked(self, rows: list[Row]) -> Sequence[Meaning]:
        rows.sort(key=lambda row: row["entity"])
        rows.sort(key=lambda row: (row.get("edition", ""), row.get("scheme", "")), reverse=True)
        rows.sort(key=lambda row: "successor" in row)
        return [self._meaning(row) for row in rows]

    def _meaning(self, row: Row) -> Meaning:
        names, uri, scheme = self.graph.names, row["entity"], row.get("scheme", "")
        return Meaning(
            id=names.local(uri) or uri,
            uri=uri,
            label=row.get("ja") or row.get("any") or uri,
            scheme=names.local(scheme) or scheme,
            superseded="successor" in row,
        )


def fold(code: str) -> str:
    """A code without differences of width, case, hyphens and spaces.

    >>> fold("ｈｒ－５"), fold("hr5"), fold("HR‐5"), fold("ＯＰー１１")
    ('HR5', 'HR5', 'HR5', 'OP11')
    """
    return _HYPHENS.sub("", unicodedata.normalize("NFKC", code)).upper()


def same_label(one: str, other: str) -> bool:
    """Whether two labels differ in nothing but width, case, spaces and middle dots.

    >>> same_label("WEB と検索", "ＷＥＢと検索")
    True
    """
    return folded_label(one) == folded_label(other)


def folded_label(label: str) -> str:
    """A label without differences of width, case, spaces and middle dots.

    >>> folded_label("ＩＴ サービス・マネジメント")
    'itサービスマネジメント'
    """
    return _LOOSE.sub("", unicodedata.normalize("NFKC", label)).casefold()
