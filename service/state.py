"""What a running service is made of: given to `create_app`, never looked up elsewhere."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Protocol

from service.graph.questions import Question
from service.graph.store import Graph
from service.http.languages import Voice
from service.quality import Quality
from service.retrieval.search import Asked, Results, Search
from service.settings import Settings

#: the edition of a graph that was not built by us
FOREIGN: Final = "foreign"


@dataclass(frozen=True)
class Manifest:
    """What a build says of itself; of a foreign graph, nothing.

    `rights` has `ja`, `en` (the edition's names), `rights_ja`, `rights_en` (whose the texts are)
    and, where there is one, `licence`; `created` is a time in ISO 8601.
    """

    edition: str = FOREIGN
    rights: Mapping[str, str | None] = field(default_factory=dict)
    created: str | None = None
    documents: Sequence[Mapping[str, Any]] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """The manifest of a build; members we do not know are passed over.

        Raises `OSError` and `json.JSONDecodeError`.
        """
        found = json.loads(path.read_text(encoding="utf-8"))
        known = {key: found[key] for key in cls.__dataclass_fields__ if key in found}
        return cls(**known)

    @property
    def notice(self) -> str:
        """Whose the texts are, in Japanese and English; blank of a foreign graph."""
        said = (self.rights.get("rights_ja"), self.rights.get("rights_en"))
        return " / ".join(text for text in said if text)

    @property
    def licence(self) -> str | None:
        """The IRI of the licence, where one covers the whole edition."""
        return self.rights.get("licence") or None


@dataclass(frozen=True, slots=True)
class Meaning:
    """One of the entities that carry a code; `id` is local, or the IRI where that is not ours."""

    id: str
    uri: str
    label: str
    scheme: str
    superseded: bool


class Pages(Protocol):
    """Pages for people. Each takes the path of the request, so that links are relative.

    Every method returns a whole HTML document; `None` where the graph says nothing of the IRI.
    """

    def speaking(self, voice: Voice) -> "Pages":
        """The same pages in the language of a request."""

    def render(self, template: str, path: str, **values: object) -> str:
        """A page of a template, for what has no method of its own."""

    def render_problem(self, path: str, problem: Mapping[str, object]) -> str:
        """An error; `problem` is the document of RFC 9457."""

    def render_concept(self, path: str, uri: str) -> str | None:
        """The concept with this IRI, ours or a foreign one."""

    def render_results(self, path: str, asked: Asked, results: Results) -> str:
        """The hits of a search."""

    def render_quality(self, path: str, quality: Quality) -> str:
        """The figures of what is served."""

    def render_gone(self, path: str, uri: str) -> str:
        """The retired concept with this IRI: when, why, what took its place."""

    def render_choice(self, path: str, code: str, meanings: Sequence[Meaning]) -> str:
        """The several meanings of a code."""

    def render_ontology(self, path: str) -> str:
        """The classes and properties of `cco:`, each with an anchor."""

    def render_source(self, path: str, uri: str) -> str | None:
        """A source document and what was derived from it."""

    def render_graph(self, path: str, uri: str) -> str | None:
        """A named graph: what it holds, its dumps."""

    def render_docs(self, path: str, openapi: Mapping[str, Any]) -> str:
        """The operations of the OpenAPI document, each with an example."""

    def render_editor(self, path: str) -> str:
        """The form for SPARQL queries."""

    def render_table(self, path: str, query: str, results: Mapping[str, Any]) -> str:
        """The answer of a SELECT or ASK query; `results` is SPARQL 1.1 Query Results JSON."""


@dataclass(frozen=True)
class State:
    """A graph and what answers questions about it.

    `graph_path` is the file the graph was read from; query workers read it again. `encoder` is
    the name of the search's encoder in use.
    """

    settings: Settings
    graph: Graph
    graph_path: Path
    pages: Pages
    manifest: Manifest = field(default_factory=Manifest)
    search: Search | None = None
    questions: Mapping[str, Question] = field(default_factory=dict)
    encoder: str | None = None
    quality: Quality | None = None

    @property
    def scratch(self) -> Path | None:
        """Where files without a name are written: those of a graph on disk beside its store.

        `None` is where the system keeps such files; so it is where nothing can be written there.
        """
        beside = self.graph.folder.parent if self.graph.folder else None
        return beside if beside and os.access(beside, os.W_OK) else None


@cache
def version() -> str:
    """The version of the package; `0+unknown` where it runs from an uninstalled tree."""
    try:
        return metadata.version("ccgraph")
    except metadata.PackageNotFoundError:
        return "0+unknown"
