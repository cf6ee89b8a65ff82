"""The words of a SPARQL query, as far as the door needs them: its form, and what is refused.

A query is examined before any engine sees it, and the engine is given exactly the text that was
examined.
"""

import re
from itertools import islice
from typing import Final, NamedTuple

from service.errors import Forbidden, QuerySyntax
from service.sparql.tokens import TEXT, Token, after_prologue, tokens

#: how deep brackets may nest: engines recurse, and a stack is finite
MAX_DEPTH: Final = 128
#: how many words a query may have, beside what VALUES lists: a long chain of operators is a deep
#: tree to an engine (a worker's stack holds several times as many, see `worker.STACK`)
MAX_WORDS: Final = 20_000
#: how many words a query may have at all
MAX_TOKENS: Final = 100_000

_FORMS: Final = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_UPDATES: Final = (
    "INSERT",
    "DELETE",
    "LOAD",
    "CLEAR",
    "CREATE",
    "DROP",
    "COPY",
    "MOVE",
    "ADD",
    "WITH",
)
#: after these a name is a graph or a thing, whatever its prefix is called
_NAMING: Final = frozenset({"DESCRIBE", "FROM", "GRAPH", "NAMED"})
#: functions whose value changes from one evaluation to the next
_VOLATILE: Final = frozenset({"BNODE", "NOW", "RAND", "STRUUID", "UUID"})
#: one of these stands in every text that has a FROM clause or a volatile function
_TELLING: Final = ("FROM", "BNODE", "NOW", "RAND", "UUID")
#: escapes of these would change where a string ends: they stay for the engine, within strings
_DELIMITERS: Final = frozenset("\"'\\\n\r")

_QUOTES: Final = frozenset("\"'")
_OPENING: Final = frozenset("([{")
_CLOSING: Final = frozenset(")]}")
#: kinds of words that an engine keeps side by side, unless they stand in a collection
_DATA: Final = frozenset({"iri", "name", "string", "number", "tag"})

_ESCAPE: Final = re.compile(r"\\(?:\\|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")


class Query(NamedTuple):
    """A query that may be evaluated.

    `text` is what the engine gets, `form` one of SELECT, ASK, CONSTRUCT, DESCRIBE, `normal` the
    text without comments and superfluous spaces, `dataset` whether it has a FROM clause of its
    own, `volatile` whether two evaluations may differ.
    """

    text: str
    form: str
    normal: str
    dataset: bool
    volatile: bool


def examine(text: str) -> Query:
    """The query of a text.

    Raises `Forbidden` on updates, LOAD and SERVICE, `QuerySyntax` where no query form is found,
    brackets nest too deep or there are too many words. Whatever else is wrong is left to the
    engine's parser.

    >>> examine("# a comment\\nPREFIX select: <x:> ASK { ?s select:service 'SERVICE' }").form
    'ASK'
    """
    decoded = decode(text)
    words = _words(decoded)
    form = _form(decoded, words)
    upper = decoded.upper()
    if "SERVICE" in upper:
        _refuse_service(list(tokens(decoded)))
    if len(words) > MAX_WORDS or sum(map(decoded.count, "([{")) > MAX_DEPTH:
        _refuse_size(decoded, list(tokens(decoded)))
    telling = any(name in upper for name in _TELLING)
    keywords = {word.upper() for word in words if ":" not in word} if telling else frozenset[str]()
    return Query(
        text=decoded,
        form=form,
        normal=" ".join(words),
        dataset=any(word.startswith("FROM") for word in keywords),
        volatile=not _VOLATILE.isdisjoint(keywords),
    )


def decode(text: str) -> str:
    r"""The text with its codepoint escapes decoded (SPARQL 1.1, section 19.2).

    >>> decode(r"\u0053ELECT * { ?s ?p '\\u0041' }")
    "SELECT * { ?s ?p '\\\\u0041' }"
    """
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1, columns in code points.

    >>> position("ab\\ncd", 4)
    (2, 2)
    """
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def offset_of(text: str, line: int, column: int) -> int:
    """The offset of a line and column as `position` counts them; at most the text's length.

    >>> offset_of("ab\\ncd", 2, 2)
    4
    """
    before = text.split("\n")[: line - 1]
    return min(sum(map(len, before)) + len(before) + column - 1, len(text))


def syntax_error(text: str, offset: int, ja: str, en: str) -> QuerySyntax:
    """The problem of a text that goes wrong at this offset; names the word that stands there."""
    line, column = position(text, offset)
    token = next((each.text for each in tokens(text[offset : offset + 200])), "")
    return QuerySyntax(
        f"{line}行目{column}文字目「{token}」: {ja}",
        f"line {line}, column {column}, at {token!r}: {en}",
        line=line,
        column=column,
        token=token,
    )


def _character(match: re.Match[str]) -> str:
    digits = match.group(1) or match.group(2)
    if digits is None or int(digits, 16) > 0x10FFFF or 0xD800 <= int(digits, 16) < 0xE000:
        return match.group()
    character = chr(int(digits, 16))
    return match.group() if character in _DELIMITERS else character


def _words(text: str) -> list[str]:
    """The texts of the words, if each ends and there are not too many."""
    if len(text) > MAX_TOKENS:
        _refuse_words(text)
    found: list[str] = TEXT.findall(text)
    while found and not found[-1]:  # the end
        found.pop()
    if found and found[-1][0] in _QUOTES and next(tokens(found[-1])).kind == "open":
        start = len(text) - len(found[-1])
        raise syntax_error(text, start, "文字列が閉じていません。", "no end of string.")
    return found


def _refuse_words(text: str) -> None:
    """Look no further than where there are too many; a word has a character, at least."""
    first = next(islice(TEXT.finditer(text), MAX_TOKENS, None), None)
    if first is not None and first[1]:
        ja, en = f"問いが長すぎます（上限 {MAX_TOKENS:,} 語）。", f"over {MAX_TOKENS:,} words."
        raise syntax_error(text, first.start(1), ja, en)


def _start(text: str, place: int) -> int:
    """Where the word of this place begins, or the text ends."""
    return next((token.start for token in islice(tokens(text), place, None)), len(text))


def _form(text: str, words: list[str]) -> str:
    place = after_prologue(words)
    word = words[place].upper() if place < len(words) and ":" not in words[place] else ""
    if word.startswith(_UPDATES):
        raise Forbidden(
            f"このサービスは読み取り専用です。{word} は使えません。",
            f"This service is read-only; {word} is not allowed.",
        )
    for form in _FORMS:
        if word.startswith(form):
            return form
    names = " ".join(_FORMS)
    offset = _start(text, place)
    raise syntax_error(text, offset, f"{names} のどれかが必要です。", f"expected one of {names}.")


def _refuse_service(found: list[Token]) -> None:
    """Engines split words less strictly than the standard, so any word with it is refused.

    To them `SERVICE:a {` may be a call as well as the name of something in the prefix `SERVICE`.
    """
    for before, token, following in zip([None, *found], found, [*found[1:], None], strict=False):
        word = token.text.upper()
        named = before is not None and before.kind == "word" and before.text.upper() in _NAMING
        call = token.kind == "name" and following is not None and following.text == "{"
        called = word.partition(":")[0] if call and not named else ""
        if "SERVICE" in (word if token.kind == "word" else called):
            raise Forbidden(
                "SERVICE は使えません。ここにあるグラフだけを問い合わせてください。",
                "SERVICE is not allowed; query only the graphs that are loaded here.",
                token=token.text,
            )


def _refuse_size(text: str, found: list[Token]) -> None:
    opened = list[str]()
    words = 0
    for token in found:
        if token.kind == "sign" and token.text in _OPENING:
            opened.append(token.text)
        elif token.kind == "sign" and token.text in _CLOSING and opened:
            opened.pop()
        words += token.kind not in _DATA or opened[-1:] == ["("]
        if len(opened) > MAX_DEPTH:
            ja, en = f"括弧の入れ子が深すぎます（上限 {MAX_DEPTH}）。", "brackets nest deeper than"
            raise syntax_error(text, token.start, ja, f"{en} {MAX_DEPTH}.")
        if words > MAX_WORDS:
            ja = f"問いが長すぎます（上限 {MAX_WORDS:,} 語、VALUES の値は除く）。"
            en = f"more than {MAX_WORDS:,} words, beside the data of VALUES."
            raise syntax_error(text, token.start, ja, en)
