"""Where a page stands and what it says at its foot: given to every template."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ontology.terms import Names
from service.graph.entities import Link
from service.graph.links import link_of, root_of, with_query
from service.graph.store import Graph
from service.http.languages import PARAMETER, Voice

#: templates, style sheet and script
FOLDER: Final = Path(__file__).parent
_FOREIGN: Final = {
    "ja": "外部のグラフ",
    "en": "foreign graph",
    "rights_ja": "内容の権利は、このグラフの発行者に帰属します。",
    "rights_en": "The contents belong to the publisher of this graph.",
}
#: what has no language: files, and documents for machines
_SPEECHLESS: Final = (
    "static/",
    "data",
    "dump/",
    "void",
    "openapi",
    "version",
    "suggest",
    "context",
)
#: three concepts and their links, as a data URI
ICON: Final = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="#0b7a80">'
    '<path d="M8 9H24L16 24Z" fill="none" stroke="#0b7a80" stroke-width="2"/>'
    '<circle cx="8" cy="9" r="5"/><circle cx="24" cy="9" r="5"/><circle cx="16" cy="24" r="5"/>'
    "</svg>"
)


@cache
def fingerprint() -> str:
    """What tells the style sheet and the script from other versions, for their addresses."""
    files = (FOLDER / name for name in ("style.css", "site.js", "reconcile.js"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


@dataclass(frozen=True)
class About:
    """What every page's footer says: the edition, its graph, whose the texts are."""

    ja: str
    en: str
    version: str
    rights_ja: str = ""
    rights_en: str = ""
    licence: str = ""


def about(graph: Graph, rights: Mapping[str, str | None]) -> About:
    """The footer's words, from a build's manifest (its `rights`); a foreign graph has none.

    `rights` has `ja` and `en` (the edition's names), `rights_ja`, `rights_en` and `licence`.
    """
    given = {key: value for key, value in rights.items() if value}
    words = given if "ja" in given else _FOREIGN
    names = ("ja", "en", "rights_ja", "rights_en", "licence")
    return About(version=graph.version, **{name: words.get(name, "") for name in names})


@dataclass(frozen=True)
class Page:
    """What templates need to know of the page they make: where it is, and so how to link.

    `finds` says whether there is a search.
    """

    names: Names
    path: str
    about: About
    build: str
    icon: str
    voice: Voice
    finds: bool

    @property
    def language(self) -> str:
        """The language of the page's furniture."""
        return self.voice.language

    def say(self, ja: str, en: str) -> str:
        """What is said in both languages, in the page's."""
        return self.voice.say(ja, en)

    def half(self, text: str) -> str:
        """Of a text in both languages (Japanese, ` / `, English), an English page says the second.

        A Japanese page says all of it; a text in one language has no halves.
        """
        ja, _, en = text.partition(" / ")
        return self.say(text, en or ja)

    @property
    def root(self) -> str:
        """The relative way to the service's root."""
        return root_of(self.path)

    def to(self, target: str, **params: object) -> str:
        """A path of the service, relative to this page."""
        return self.kept(with_query(self.root + target, **params), target)

    def iri(self, uri: str) -> str:
        """The page about an IRI of the graph."""
        target = link_of(self.names, uri)
        return self.kept(self.root + target, target)

    def of(self, link: Link) -> str:
        """The page about an entity; what the graph does not speak of is out in the web."""
        if link.inside or not link.uri.startswith(("http://", "https://")):
            return self.iri(link.uri)
        return link.uri

    def data(self, link: Link, form: str) -> str:
        """The data about an entity in one form."""
        local = self.names.local(link.uri)
        return self.to(f"data/{local}.{form}") if local else self.to("data", uri=link.uri)

    def badge(self, link: Link) -> str:
        """The alignment of an entity for badges."""
        local = self.names.local(link.uri)
        place = "badges/alignment"
        return self.to(f"{place}/{local}") if local else self.to(place, uri=link.uri)

    def kept(self, address: str, target: str = "") -> str:
        """The address with the language that this page's own address names."""
        if not self.voice.pinned or target.startswith(_SPEECHLESS):
            return address
        path, hash, fragment = address.partition("#")
        joint = "&" if "?" in path else "?"
        return f"{path}{joint}{PARAMETER}={self.voice.language}{hash}{fragment}"

    def curie(self, uri: str) -> str:
        """An IRI with its prefix, where one is known."""
        for prefix, namespace in self.names.prefixes.items():
            if uri.startswith(namespace):
                return f"{prefix}:{uri.removeprefix(namespace)}"
        return uri
