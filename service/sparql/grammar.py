"""Where a query goes wrong: engines that backtrack cannot tell, a grammar can.

The grammar of SPARQL is LL(1) but for a few places; the farthest word that no alternative
accepts is where the mistake stands.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

from service.sparql.tokens import Token, tokens

#: an element of a rule: an alternative list, a sequence, a repetition, a name or a quoted word
Element = tuple[str, "Sequence[Element] | str"]

#: the longest query, in words, for whose mistake the grammar is asked: it has no deadline
LONGEST: Final = 2_000
_WORD: Final = re.compile(r"'[^']+'|\w+|[()|*+?]")
_KINDS: Final = {
    "iri": "IRI",
    "variable": "VAR",
    "string": "STRING",
    "tag": "TAG",
    "number": "NUMBER",
    "blank": "BLANK",
}
_TERMINALS: Final = frozenset({*_KINDS.values(), "NAME", "NS", "END"})
#: what an expected word is called in a message
_CALLED: Final = {
    "IRI": "<IRI>",
    "NAME": "prefix:name",
    "NS": "prefix:",
    "VAR": "?variable",
    "STRING": '"text"',
    "TAG": "@language",
    "NUMBER": "number",
    "BLANK": "_:node",
    "END": "end of query",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """The first word that no query may have there, by offset, and what might stand there."""

    offset: int
    expected: tuple[str, ...]


@dataclass
class _Matcher:
    """One attempt to read words by the grammar; remembers how far any alternative got."""

    words: Sequence[Token]
    rules: Mapping[str, Element]
    farthest: int = 0
    expected: set[str] = field(default_factory=set)

    def match(self, element: Element, at: int) -> int | None:
        """The place after the element, `None` where it does not stand here."""
        kind, content = element
        if isinstance(content, str):
            return (
                self.match(self.rules[content], at) if kind == "rule" else self._word(content, at)
            )
        if kind == "choice":
            return self._choice(content, at)
        if kind == "sequence":
            return self._sequence(content, at)
        return self._repeat(kind, content[0], at)

    def _choice(self, options: Sequence[Element], at: int) -> int | None:
        for option in options:
            after = self.match(option, at)
            if after is not None:
                return after
        return None

    def _sequence(self, parts: Sequence[Element], at: int) -> int | None:
        for part in parts:
            after = self.match(part, at)
            if after is None:
                return None
            at = after
        return at

    def _repeat(self, kind: str, part: Element, at: int) -> int | None:
        after = self.match(part, at)
        if after is None:
            return None if kind == "+" else at
        while kind != "?" and after > at:
            at, after = after, self.match(part, after) or after
        return after

    def _word(self, wanted: str, at: int) -> int | None:
        if at < len(self.words) and _is(self.words[at], wanted):
            return at + 1
        if at == len(self.words) and wanted == "END":
            return at
        if at > self.farthest:
            self.farthest, self.expected = at, set()
        if at == self.farthest:
            self.expected.add(_CALLED.get(wanted, wanted.strip("'")))
        return None


def fault_of(text: str) -> Fault | None:
    """Where a query breaks the grammar; `None` where it does not, whatever else is wrong.

    `None` also for one that nests too deep to be followed.

    >>> fault_of("SELECT * { ?s ?p }").offset
    17
    >>> fault_of("SELECT * { ?s ?p ?o }") is None
    True
    """
    words = list(tokens(text))
    matcher = _Matcher(words, _rules())
    try:
        whole = matcher.match(("rule", "Query"), 0) is not None
    except RecursionError:
        return None
    if whole:
        return None
    place = matcher.farthest
    offset = words[place].start if place < len(words) else len(text.rstrip())
    return Fault(offset, tuple(sorted(matcher.expected, key=_keywords_last)))


def explained(text: str) -> bool:
    """Whether a query is short enough for `fault_of`, which takes some 0.1 ms a word."""
    return next(islice(tokens(text), LONGEST, None), None) is None


def undeclared(text: str) -> Token | None:
    """The first prefixed name whose prefix was not declared before it.

    >>> undeclared("PREFIX a: <b> ASK { a:b c:d e:f }").text
    'c:d'
    """
    known: set[str] = set()
    declaring = False
    for token in tokens(text):
        prefix = token.text.partition(":")[0]
        if token.kind == "name" and declaring:
            known.add(prefix)
        elif token.kind == "name" and prefix not in known:
            return token
        declaring = token.text.upper() == "PREFIX"
    return None


def _keywords_last(word: str) -> tuple[bool, str]:
    return word.isupper(), word


def _is(token: Token, wanted: str) -> bool:
    if token.kind == "word":
        word = wanted.strip("'")
        return token.text == word if word == "a" else token.text.upper() == word
    if token.kind == "sign":
        return wanted == f"'{token.text}'"
    if token.kind == "name":
        return wanted == ("NS" if token.text.endswith(":") else "NAME")
    return wanted == _KINDS[token.kind]


@cache
def _rules() -> Mapping[str, Element]:
    lines = Path(__file__).with_name("sparql.ebnf").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(" = ") for line in lines if line and not line.startswith("#"))
    return {name: _choice(_WORD.findall(body)) for name, _, body in pairs}


def _choice(words: list[str]) -> Element:
    """Read alternatives up to the end or a closing bracket; takes what it reads off the list."""
    options: list[list[Element]] = [[]]
    while words and (word := words.pop(0)) != ")":
        if word == "|":
            options.append([])
        elif word in ("*", "+", "?"):
            options[-1].append((word, [options[-1].pop()]))
        else:
            options[-1].append(_element(word, words))
    return ("choice", [("sequence", option) for option in options])


def _element(word: str, rest: list[str]) -> Element:
    if word == "(":
        return _choice(rest)
    return ("word" if word in _TERMINALS or word.startswith("'") else "rule", word)
