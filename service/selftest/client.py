"""A running service as its clients see it: requests below one root, answers taken apart.

The only module that knows the HTTP client. Redirections are never followed by themselves; nothing
is sent but reading requests.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx2
from pyoxigraph import Literal, RdfFormat, Triple, parse

#: how much of an unexpected answer is shown, in characters
_SHOWN: Final = 80
_PROBLEM: Final = "application/problem+json"
_TYPES: Final[Mapping[str, RdfFormat]] = {
    "text/turtle": RdfFormat.TURTLE,
    "application/ld+json": RdfFormat.JSON_LD,
    "application/rdf+xml": RdfFormat.RDF_XML,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/trig": RdfFormat.TRIG,
    "application/n-quads": RdfFormat.N_QUADS,
}
_SUBJECT: Final = """
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
SELECT ?concept ?label ?notation WHERE {
  ?concept a skos:Concept ; skos:prefLabel ?label .
  OPTIONAL { ?concept skos:notation ?notation }
  FILTER(LANG(?label) IN ("ja", "en", "") && STRLEN(?label) < 40)
  FILTER NOT EXISTS { ?concept owl:deprecated true }
  FILTER NOT EXISTS { ?concept skos:inScheme/dcterms:isReplacedBy ?newer }
} ORDER BY DESC(BOUND(?notation)) DESC(LANG(?label)) ?concept LIMIT 1
"""
_RETIRED: Final = """
PREFIX owl: <http://www.w3.org/2002/07/owl#>
SELECT ?concept WHERE { ?concept owl:deprecated true } ORDER BY ?concept LIMIT 1
"""
_CODES: Final = """
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?code (COUNT(DISTINCT STR(?label)) AS ?labels) WHERE {
  ?concept skos:notation ?code ; skos:prefLabel ?label FILTER(LANG(?label) = "ja")
} GROUP BY ?code
"""
_ONE_MEANING: Final = f"{_CODES} HAVING (COUNT(DISTINCT STR(?label)) = 1) ORDER BY ?code LIMIT 1"
_SEVERAL_MEANINGS: Final = (
    f"{_CODES} HAVING (COUNT(DISTINCT STR(?label)) > 1) ORDER BY ?code LIMIT 20"
)


class Unmet(Exception):  # noqa: N818 -- it is no fault of ours
    """A promise is not kept; says what came instead."""


class NotApplicable(Exception):  # noqa: N818 -- nor is this
    """The service holds nothing that the check could be made with; says what is missing."""


@dataclass(frozen=True)
class Answer:
    """An answer that was read to its end."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def type(self) -> str:
        """The media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def expect(self, status: int, *types: str) -> "Answer":
        """The answer itself, if it has this status and one of these types; else `Unmet`."""
        if self.status != status or (types and self.type not in types):
            raise Unmet(f"{self.status} {self.type or '-'} {self._said}".strip())
        return self

    @property
    def _said(self) -> str:
        """What an unexpected answer says, cut short: a problem's own sentence, else its text."""
        found = self.json() if self.type == _PROBLEM else None
        said = found.get("detail") if isinstance(found, dict) else self.text
        return " ".join(str(said).split())[:_SHOWN]

    def json(self) -> Any:
        """The body as JSON; raises `Unmet`."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise Unmet(f"not JSON: {' '.join(self.text.split())[:_SHOWN]}") from None

    def triples(self) -> list[Triple]:
        """The body as RDF of the type it says it is; raises `Unmet`."""
        try:
            return [quad.triple for quad in parse(self.body, _TYPES[self.type], base_iri=self.url)]
        except (KeyError, SyntaxError, ValueError) as fault:
            raise Unmet(f"{self.type or '-'}: cannot be parsed: {fault}"[: 2 * _SHOWN]) from None


@dataclass(frozen=True)
class Subject:
    """A concept that the service itself names; `local` where `/id/{local}` is its name."""

    uri: str
    local: str | None
    label: str
    notation: str | None

    @property
    def page(self) -> str:
        """The path of its page, and of its data with `data` for `page`."""
        return f"page/{self.local}" if self.local else "page"

    @property
    def params(self) -> Mapping[str, str]:
        """The parameters that name it where its path does not."""
        return {} if self.local else {"uri": self.uri}


@dataclass(frozen=True)
class Service:
    """A service at `root`, which ends in a slash."""

    root: str
    http: httpx2.Client
    timeout: float

    def get(self, path: str, accept: str | None = None, **params: str) -> Answer:
        """The answer to GET."""
        return self.send("GET", path, headers={"Accept": accept} if accept else {}, params=params)

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        content: str | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to any request; raises `Unmet` where there is none."""
        url = urljoin(self.root, path)
        try:
            found = self.http.request(
                method, url, headers=headers, params=params or None, content=content, data=form
            )
        except httpx2.HTTPError as fault:
            raise Unmet(f"no answer: {fault or type(fault).__name__}") from None
        return Answer(str(found.url), found.status_code, dict(found.headers), found.content)

    def follow(self, answer: Answer, accept: str) -> Answer:
        """Where a redirection leads, which has to lie below the root; raises `Unmet`."""
        target = urljoin(answer.url, answer.headers.get("location", ""))
        if not target.startswith(self.root):
            raise Unmet(f"Location leads out of {self.root}: {target}")
        return self.get(target, accept)

    def rows(self, query: str) -> list[dict[str, str]]:
        """The rows of a SELECT query; raises `Unmet`."""
        found = self.get("sparql", "application/sparql-results+json", query=query)
        bindings = found.expect(200).json()["results"]["bindings"]
        return [{name: term["value"] for name, term in row.items()} for row in bindings]

    @cached_property
    def subject(self) -> Subject:
        """The concept that checks are made with; raises `Unmet`, `NotApplicable`."""
        found = self.rows(_SUBJECT)
        if not found:
            raise NotApplicable("no skos:Concept with a short skos:prefLabel")
        row = found[0]
        return Subject(
            row["concept"], self.local(row["concept"]), row["label"], row.get("notation")
        )

    def code(self) -> str:
        """A code that means one thing; raises `NotApplicable`."""
        for row in self.rows(_ONE_MEANING):
            if "code" in row:
                return row["code"]
        raise NotApplicable("no code (skos:notation) with one Japanese label")

    def ambiguous(self) -> Sequence[str]:
        """Codes whose labels differ; raises `NotApplicable`."""
        found = [row["code"] for row in self.rows(_SEVERAL_MEANINGS) if "code" in row]
        if not found:
            raise NotApplicable("no code (skos:notation) with several Japanese labels")
        return found

    def retired(self) -> str:
        """The local id of a retired entity; raises `NotApplicable`."""
        for row in self.rows(_RETIRED):
            if local := self.local(row["concept"]):
                return local
        raise NotApplicable("no retired id (owl:deprecated) in this graph")

    def local(self, uri: str) -> str | None:
        """The local id of an IRI below the service's own names."""
        return uri.removeprefix(self.space) if self.space and uri.startswith(self.space) else None

    @cached_property
    def space(self) -> str:
        """What the names of entities begin with, as VoID says (`void:uriSpace`)."""
        found = self.get("void.ttl", "text/turtle").expect(200).triples()
        spaces = (t.object for t in found if t.predicate.value.endswith("#uriSpace"))
        return next((each.value for each in spaces if isinstance(each, Literal)), "")


@contextmanager
def connected(url: str, timeout: float) -> Iterator[Service]:
    """The service at a URL; `timeout` is how long an answer may take, in seconds.

    Raises `ValueError` where the URL is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(url)
    agent = {"User-Agent": "ccgraph-selftest"}
    with httpx2.Client(timeout=timeout, headers=agent, follow_redirects=False) as http:
        yield Service(url.rstrip("/") + "/", http, timeout)
