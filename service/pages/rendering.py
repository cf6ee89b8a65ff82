"""Pages for people: the only module that knows Jinja2.

Every method takes the path of the request, from which the relative links are computed, and
returns a whole HTML document. `None` means that the graph says nothing of the IRI.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pyoxigraph import NamedNode

from service.graph.links import root_of
from service.graph.mappings import Mapped, Place
from service.graph.questions import Answer, Question, fill
from service.graph.store import Graph
from service.graph.succession import RELATIONS, history, named
from service.graph.translations import translations
from service.http.languages import Voice
from service.interchange.badges import alignment_text
from service.interchange.frameworks import identifier
from service.interchange.schema_org import defined_term
from service.pages.concept_model import Concept
from service.pages.concepts import concept
from service.pages.examples import FIRST_QUERY, examples
from service.pages.known import Known
from service.pages.overview import Scheme, contents, derived_from
from service.pages.page import FOLDER, ICON, About, Page, about, fingerprint
from service.pages.quality_view import quality_view
from service.pages.question_view import question_view
from service.pages.views import (
    facets,
    hit_view,
    names_of,
    operations,
    other_names,
    questions_about,
    search_link,
    sparql_rows,
)
from service.quality import Quality
from service.retrieval.entries import Entry
from service.retrieval.search import Asked, Results, Search
from service.retrieval.similar import similar
from service.state import Meaning

#: short name and media type of the forms of a concept's data
FORMATS: Final = (
    ("ttl", "text/turtle"),
    ("jsonld", "application/ld+json"),
    ("rdf", "application/rdf+xml"),
    ("nt", "application/n-triples"),
)
#: entries of one list that a page shows; it says how many more there are
MOST: Final = 500
#: searches to try on the start page
_EXAMPLES: Final = ("怒っているお客様をなだめるには？", "新人がすぐ辞めてしまう", "HR-5")
_NAME: Final = "SELECT DISTINCT ?document ?name WHERE { ?document schema:name ?name }"
_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Pages:
    """The pages of one graph."""

    graph: Graph
    about: About
    questions: Mapping[str, Question] = field(default_factory=dict)
    search: Search | None = None
    known: Known | None = None
    voice: Voice = field(default_factory=Voice)

    def speaking(self, voice: Voice) -> "Pages":
        """The same pages in another language."""
        return replace(self, voice=voice)

    def render_start(self, path: str) -> str:
        """The start page: search, schemes, questions, ways for machines."""
        return self._render(
            "start.html",
            path,
            schemes=self._schemes,
            questions=self.questions.values() if self._known.ours else (),
            examples=_EXAMPLES if self._known.ours else (),
        )

    def render_results(self, path: str, asked: Asked, results: Results) -> str:
        """The hits of a search with facets and paging."""
        last = asked.offset + len(results.hits)
        before = max(asked.offset - asked.limit, 0) or None
        root = root_of(path)
        named = translations(self.graph, names_of(results), self.voice.language)
        return self._render(
            "results.html",
            path,
            asked=asked.text,
            narrowed=any(asked.chosen.values()),
            everything=root + search_link(asked, **dict.fromkeys(asked.chosen, ())),
            beginning=root + search_link(asked),
            fallback_of=results.fallback_of,
            total=results.total,
            close=results.close,
            took_ms=round(results.took_ms, 1),
            hits=[hit_view(hit, self.voice, named) for hit in results.hits],
            first=asked.offset + 1,
            last=last,
            facets=facets(asked, results, self.voice, named),
            previous=root + search_link(asked, offset=before) if asked.offset else None,
            following=root + search_link(asked, offset=last) if last < results.total else None,
        )

    def render_concept(self, path: str, uri: str) -> str | None:
        """The concept with this IRI, ours or a foreign one."""
        if mapped := self._known.mappings.about(uri):
            return self._mapping(path, mapped)
        found = concept(self.graph, uri, self.voice.language)
        if found is None:
            return None
        other = self.voice.say("en", "ja")
        elsewhere = (name.value for name in found.names if name.language == other)
        return self._render(
            "concept.html",
            path,
            concept=found,
            names=other_names(found.names, self.voice),
            elsewhere=next(elsewhere, None),
            formats=FORMATS,
            described=defined_term(found, self.about.licence),
            alignment=alignment_text(found),
            case_id=identifier(uri),
            questions=questions_about(found, self.questions.values()),
            similar=self._similar(found),
        )

    def _similar(self, about: Concept) -> list[tuple[Entry, str]]:
        """What is similar but not on the page already, each with its name in its language."""
        if self.search is None:
            return []
        found = similar(self.search, about.uri, without=about.neighbours)
        named = translations(self.graph, {each.label for each in found}, self.voice.language)
        return [(each, named.say(each.label, [each.uri])) for each in found]

    def render_mappings(
        self, path: str, rows: Sequence[Mapped], asked: Mapping[str, str], place: Place
    ) -> str:
        """A page of the mappings that were asked for."""
        rows = self._told(rows)
        return self._render("mappings.html", path, rows=rows, asked=asked, place=place)

    def _told(self, rows: Sequence[Mapped]) -> list[Mapped]:
        """Mappings with their ends called as the reader's language does."""
        texts = {end.label for each in rows for end in (each.subject, each.object)}
        said = translations(self.graph, texts, self.voice.language)
        return [
            replace(each, subject=said.link(each.subject), object=said.link(each.object))
            for each in rows
        ]

    def _mapping(self, path: str, mapped: Mapped) -> str:
        mapped = self._told([mapped])[0]
        ends = [
            concept(self.graph, each.uri, self.voice.language)
            for each in (mapped.subject, mapped.object)
        ]
        return self._render("mapping.html", path, mapped=mapped, ends=ends, formats=FORMATS)

    def render_quality(self, path: str, quality: Quality) -> str:
        """The figures of what is served."""
        view = quality_view(quality, self._scheme_labels, self.voice)
        return self._render("quality.html", path, **view)

    def render_gone(self, path: str, uri: str) -> str:
        """The retired concept with this IRI: when, why, what took its place."""
        found = concept(self.graph, uri, self.voice.language)
        tombstone = found.tombstone if found else None
        return self._render(
            "gone.html", path, id=self.graph.names.local(uri) or uri, tombstone=tombstone
        )

    def render_choice(self, path: str, code: str, meanings: Sequence[Meaning]) -> str:
        """The several meanings of a code, and what became of each."""
        labels, language = self._scheme_labels, self.voice.language
        told = [
            (each, named(self.graph, each.uri, language), *history(self.graph, each.uri, language))
            for each in meanings
        ]
        return self._render(
            "choice.html", path, code=code, meanings=told, schemes=labels, relations=RELATIONS
        )

    def render_problem(self, path: str, problem: Mapping[str, object]) -> str:
        """An error; `problem` is the document of RFC 9457."""
        shown = ("type", "title", "status", "detail", "links")
        members = [(name, value) for name, value in problem.items() if name not in shown]
        return self._render("problem.html", path, problem=problem, members=members)

    def render_queries(self, path: str) -> str:
        """The list of the documented questions."""
        return self._render("queries.html", path, questions=self.questions.values())

    def render_query(self, path: str, question: Question, answer: Answer) -> str:
        """A question with its form, its answer as a table and its SPARQL."""
        view = question_view(self.graph, path, question, answer, self.voice)
        return self._render("query.html", path, **view)

    def render_editor(self, path: str) -> str:
        """The form for SPARQL queries."""
        asked = [
            {"title": each.title, "title_en": each.title_en, "query": fill(each, self.graph, {})}
            for each in (self.questions.values() if self._known.ours else ())
        ]
        search = list(examples(self.graph.names, self._known.ours)) if self.search else []
        return self._render("editor.html", path, query=FIRST_QUERY, search=search, examples=asked)

    def render_table(self, path: str, query: str, results: Mapping[str, Any]) -> str:
        """The answer of a SELECT or ASK query; `results` is SPARQL 1.1 Query Results JSON."""
        return self._render(
            "table.html",
            path,
            query=query,
            boolean=results.get("boolean"),
            headings=results.get("head", {}).get("vars", []),
            rows=sparql_rows(self.graph.names, root_of(path), results),
        )

    def render_docs(self, path: str, openapi: Mapping[str, Any]) -> str:
        """The operations of the OpenAPI document, each with an example."""
        return self._render("docs.html", path, operations=list(operations(openapi)))

    def render_ontology(self, path: str) -> str:
        """The classes and properties of `cco:`, each with an anchor."""
        namespace = self.graph.names.term("")
        told = self._known.vocabulary
        return self._render("ontology.html", path, told=told, namespace=namespace, formats=FORMATS)

    def render_source(self, path: str, uri: str) -> str | None:
        """A source document and what was derived from it."""
        names = [row["name"] for row in self.graph.rows(_NAME, document=NamedNode(uri))]
        derived = derived_from(self.graph, uri)
        if not names and not derived:
            return None
        name = " / ".join(names) or uri
        return self._render("source.html", path, uri=uri, name=name, derived=derived)

    def render_graph(self, path: str, uri: str) -> str | None:
        """A named graph: what it holds, its dumps."""
        triples, found = contents(self.graph, uri)
        if not triples:
            return None
        name = uri.removeprefix(self.graph.names.graph(""))
        return self._render("graph.html", path, uri=uri, name=name, triples=triples, kinds=found)

    @property
    def _known(self) -> Known:
        assert self.known is not None
        return self.known

    @property
    def _schemes(self) -> list[Scheme]:
        return self._known.schemes[self.voice.language]

    @property
    def _scheme_labels(self) -> dict[str, str]:
        return {each.link.id: each.link.label for each in self._schemes}

    def render(self, template: str, path: str, **values: object) -> str:
        """A page of another room, from its template and what that asks for."""
        return self._render(template, path, scheme_labels=self._scheme_labels, **values)

    def _render(self, template: str, path: str, **values: object) -> str:
        page = Page(
            *(self.graph.names, path, self.about, fingerprint(), ICON, self.voice),
            finds=self.search is not None,
        )
        return _ENVIRONMENT.get_template(template).render(page=page, most=MOST, **values)


def make_pages(
    graph: Graph,
    rights: Mapping[str, str | None],
    questions: Mapping[str, Question],
    search: Search | None = None,
) -> Pages:
    """The pages of a graph; `rights` are those of the build's manifest, empty without one.

    With a search, the page of a concept shows what is similar.
    """
    return Pages(graph, about(graph, rights), questions, search, Known(graph))
