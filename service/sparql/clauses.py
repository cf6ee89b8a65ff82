"""The FROM clauses of a query: which graphs it chooses for itself."""

from collections.abc import Mapping
from typing import Any, Final

import pyoxigraph as ox

from service.sparql.tokens import Token, after_prologue, tokens

_NAMES: Final = frozenset({"iri", "name"})


def dataset_of(query: str, reading: Mapping[str, Any]) -> tuple[list[str], list[str]] | None:
    """The IRIs after FROM and after FROM NAMED; `reading` has `base_iri` and `prefixes`, if any.

    `None` where that cannot be told, as in a query with an error. The engine resolves the names.

    >>> dataset_of("BASE <http://a/> PREFIX x: <b/> ASK FROM <c> FROM NAMED x:d {}", {})
    (['http://a/c'], ['http://a/b/d'])
    >>> dataset_of("ASK { ?from a 'FROM' }", {})
    ([], [])
    """
    if "FROM" not in query.upper():
        return [], []
    words = list(tokens(query))
    names = _named_graphs(words)
    if not names:
        return None if names is None else ([], [])
    place = after_prologue([word.text for word in words])
    if place >= len(words):
        return None
    rows = " ".join(f"({name} {str(named).lower()})" for named, name in names)
    try:
        found = ox.Store().query(
            f"{query[: words[place].start]} SELECT * {{ VALUES (?graph ?named) {{ {rows} }} }}",
            **{key: reading[key] for key in ("base_iri", "prefixes") if key in reading},
        )
    except SyntaxError:
        return None
    told = [(row["graph"].value, row["named"].value == "true") for row in found]  # type: ignore
    return [iri for iri, named in told if not named], [iri for iri, named in told if named]


def _named_graphs(words: list[Token]) -> list[tuple[bool, str]] | None:
    """What follows each FROM, and whether NAMED stands between; `None` on anything else."""
    found = []
    for place, word in enumerate(words):
        if word.kind == "word" and word.text.upper().startswith("FROM"):
            named = _text(words, place + 1).upper() == "NAMED"
            name = place + 1 + named
            if len(word.text) > len("FROM") or not _is_name(words, name):
                return None
            found.append((named, words[name].text))
    return found


def _text(words: list[Token], place: int) -> str:
    return words[place].text if place < len(words) else ""


def _is_name(words: list[Token], place: int) -> bool:
    return place < len(words) and words[place].kind in _NAMES
