"""Where pages link to: relative addresses, so that the service works behind any path prefix."""

import re
from urllib.parse import quote, unquote, urlencode

from ontology.terms import Names

_SPAN = re.compile(r"char=(\d+),(\d+)$")


def root_of(path: str) -> str:
    """The way from the page at `path` up to the service's root.

    >>> root_of("/"), root_of("/search"), root_of("/page/cmbok2.HR-5")
    ('./', './', '../')
    """
    return "../" * (path.count("/") - 1) or "./"


def link_of(names: Names, uri: str) -> str:
    """The page about an IRI of the graph, relative to the service's root.

    >>> link_of(Names(), "https://w3id.org/ccgraph/id/cmbok2.HR-5")
    'page/cmbok2.HR-5'
    >>> link_of(Names(), "https://w3id.org/ccgraph/source/0123456789abcdef#char=2,9")
    'source/0123456789abcdef#char=2,9'
    >>> link_of(Names(), "http://example.org/thing")
    'page?uri=http%3A%2F%2Fexample.org%2Fthing'
    """
    local = names.local(uri)
    if local is not None:
        return f"page/{quote(local)}"
    if uri.startswith((names.source(""), names.graph(""), names.term(""))):
        return quote(uri.removeprefix(names.base), safe="/#=,")
    return with_query("page", uri=uri)


def with_query(path: str, **params: object) -> str:
    """A path with its query string; parameters that are empty are left out, lists repeat.

    >>> with_query("search", q="研修 計画", kind=["Task", "Area"], offset=None)
    'search?q=%E7%A0%94%E4%BF%AE+%E8%A8%88%E7%94%BB&kind=Task&kind=Area'
    """
    given = {name: value for name, value in params.items() if value not in (None, "", [], ())}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def span_of(uri: str) -> tuple[str, int, int] | None:
    """The document and the character range that a provenance IRI names (RFC 5147).

    >>> span_of("https://w3id.org/ccgraph/source/0123456789abcdef#char=2,9")
    ('https://w3id.org/ccgraph/source/0123456789abcdef', 2, 9)
    """
    document, _, fragment = uri.partition("#")
    found = _SPAN.match(fragment)
    return (document, int(found[1]), int(found[2])) if found else None


def short_name(uri: str) -> str:
    """The last part of an IRI, for a heading where nothing better is known.

    >>> short_name("http://www.w3.org/2004/02/skos/core#related")
    'related'
    """
    return unquote(re.split(r"[/#:]", uri.rstrip("/#"))[-1]) or uri


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """A sort key that counts: HR-2 before HR-10.

    >>> sorted(["HR-10", "HR-2"], key=natural)
    ['HR-2', 'HR-10']
    """
    parts = re.split(r"(\d+)", text)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
