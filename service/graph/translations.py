"""Names in another language: what the graph itself calls by both."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pyoxigraph import Literal

from service.graph.entities import Link
from service.graph.store import Graph

_BOTH: Final = """
SELECT DISTINCT ?entity ?text ?other WHERE {{
  VALUES ?text {{ {texts} }}
  ?entity skos:prefLabel ?text, ?other FILTER(LANG(?other) = "{language}")
}}
"""


@dataclass(frozen=True)
class Translations:
    """Other names by the Japanese one, and by the entities that bear both."""

    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    language: str = ""

    def say(self, text: str, among: Collection[str] = ()) -> str:
        """The other name of a text, or the text where there is none.

        Where the same text is several entities' name, the one `among` these IRIs is meant.

        >>> names = {"研修": {"urn:a": "Instruction", "urn:b": "Training"}}
        >>> Translations(names).say("研修", ["urn:b"]), Translations(names).say("採用")
        ('Training', '採用')
        """
        found = self.names.get(text)
        if not found:
            return text
        return next((found[uri] for uri in among if uri in found), found[min(found)])

    def link(self, link: Link) -> Link:
        """A link under the other name of its entity, if that has one."""
        name = self.names.get(link.label, {}).get(link.uri)
        return replace(link, label=name, language=self.language) if name else link


def translations(graph: Graph, texts: Collection[str], language: str) -> Translations:
    """The names in this language of what bears one of these texts as its Japanese name."""
    if language == "ja" or not texts:
        return Translations()
    literals = " ".join(str(Literal(text, language="ja")) for text in sorted(set(texts)))
    found: dict[str, dict[str, str]] = {}
    for row in graph.rows(_BOTH.format(texts=literals, language=language)):
        found.setdefault(row["text"], {}).setdefault(row["entity"], row["other"])
    return Translations(found, language)
