"""Where the words of a SPARQL text begin and end: the terminals of SPARQL 1.1, section 19.8.

Query workers import this module: it needs nothing of ours.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

#: how many words follow what begins a declaration (VERSION is of SPARQL 1.2)
_DECLARED: Final = {"BASE": 1, "PREFIX": 2, "VERSION": 1}
#: no text takes more than a time in proportion to its length: what may be long is never tried
#: again from a later place (prefixes have at most 100 characters; a string without end takes all)
_WORD: Final = r"""
    (?P<mark>[{}()\[\];,*+=])  # signs that begin nothing else: most words of a query end here
    |(?P<variable>[?$]\w+)
    |(?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    |(?P<string>\"\"\"(?:[^"\\]++|"(?!"")|\\.)*+\"\"\"
        |'''(?:[^'\\]++|'(?!'')|\\.)*+'''
        |"(?!"")(?:[^"\\\n\r]++|\\.)*+"|'(?!'')(?:[^'\\\n\r]++|\\.)*+')
    |(?P<open>["'].*+)  # without an end: whatever follows is its
    |(?P<blank>_:[\w.-]+)
    |(?P<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    |(?P<name>(?:[^\W\d_][\w.-]{0,99}+(?<!\.))?:
        (?:(?:[\w:]|%[0-9A-Fa-f]{2}|\\[^\w\s])
           (?:(?:[\w:.\-]|%[0-9A-Fa-f]{2}|\\[^\w\s])*(?:[\w:\-]|%[0-9A-Fa-f]{2}|\\[^\w\s]))?)?)
    |(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
    |(?P<word>[^\W\d]\w*)
    |(?P<sign>\^\^|&&|\|\||[!<>]=|.)"""
_SPACE: Final = r"(?:\s++|\#[^\n\r]*+)*+"
_TOKEN: Final = re.compile(rf"{_SPACE}(?:{_WORD}|\Z)", re.VERBOSE | re.DOTALL)
#: the same for the texts of words alone, at a third of the time
TEXT: Final = re.compile(
    rf"{_SPACE}({re.sub(r'[(][?]P<[a-z]+>', '(?:', _WORD)}|\Z)", re.VERBOSE | re.DOTALL
)


class Token(NamedTuple):
    """A word of a query; `start` is its offset in code points."""

    kind: str
    text: str
    start: int


def tokens(text: str) -> Iterator[Token]:
    """All words of a text, between which there is nothing but spaces and comments.

    A string that has no end (kind `open`) is the last.
    """
    for match in _TOKEN.finditer(text):
        if place := match.lastindex:
            kind = str(match.lastgroup).replace("mark", "sign")
            yield Token(kind, match[place], match.start(place))


def after_prologue(words: list[str]) -> int:
    """The place of the first word after the declarations."""
    place = 0
    while place < len(words) and (keyword := words[place].upper()) in _DECLARED:
        place += 1 + _DECLARED[keyword]
    return place
