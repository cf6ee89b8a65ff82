"""Codes in running text: `hr5`, `ＯＰ－１１`, `SFIAのレベル４`, `CSMG 4`, `task.E034`.

Only what stands in the graph is a code: notations, local ids and their last parts. The rules
keep ordinary language out: `PC5台` is five computers and `CS向上` no area.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from service.retrieval.analysis import Folded, fold
from service.retrieval.entries import Entry

_HYPHENS: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−ーｰ", "-"))
_KANJI_DIGITS: Final = str.maketrans("一二三四五六七八九", "123456789")
#: a number before a counter counts things and ends no code, unless a hyphen makes it one;
#: 人 in 人材 is no counter, 台 in 台分 is, and after a space only a counter alone
_COUNTER: Final = "[台人名件個回年月日時分秒円枚本割社席階点位種倍歳番つ箇ヶか所拠万千百%]"
_COUNTED: Final = re.compile(
    rf"{_COUNTER}(?:$|[^一-龠]|[分目間以前後程])|\s+{_COUNTER}(?:$|[^一-龠])"
)
#: how one asks for the superseded version of a code
_OLDER: Final = re.compile(r"(?:旧版?|前の版)(?:の|コード)?\s*$")
#: how one asks for what is mapped to a code
_MAPPED: Final = re.compile(
    r"紐[づ付]|ひも[づ付]|[対関]応(?:する|した|づけ|付け)|マッピング|(?:求め|必要と|要求)(?:する|され|られ|と)"
    r"|(?:使う|の)(?:タスク|業務|仕事|評価項目)|該当する"
)
#: a further number of the same letters: `HR-5と6`, `CSMG-1から2に`
_FURTHER: Final = re.compile(r"\s*(?:から|と|や|[、,・~])\s*0*(?P<number>[0-9]{1,2})(?![0-9A-Z.%])")
#: what may stand between the letters and the number of a code
_SEPARATOR: Final = (
    r"(?P<sep>\s*[-_]\s*|\s*の?\s*(?:責任)?(?:レベル|LEVEL|LV\.?|L(?=[0-9]))\s*|\s*)"
)
_CODE: Final = re.compile(
    rf"(?<![A-Z0-9.])(?P<letters>[A-Z]{{1,8}}){_SEPARATOR}0*(?P<number>[0-9]{{1,5}})(?![A-Z0-9])"
)
_ID: Final = re.compile(r"(?<![A-Z0-9._-])[A-Z0-9]+(?:\.[A-Z0-9]+)*\.[A-Z0-9]+(?:-[A-Z0-9]+)*")
_LEVEL: Final = re.compile(r"(?:レベル|LEVEL|LV\.?)\s*(?P<number>[0-9一二三四五六七八九]+)")
_FRAMEWORK: Final = re.compile(r"SFIA\s*9?")
#: an area's letters are a code where the text is nothing else or names it as one
_LETTERS: Final = re.compile(
    r"(?<![A-Z0-9.])(?P<letters>[A-Z]{2,8})(?![A-Z0-9])(?P<named>\s*の?\s*(?:分野|領域|エリア))?"
)
#: letters-only notations of this length are no everyday abbreviation
_LONG: Final = 4
#: after the last part of an id (L3, E034) a particle or nothing, never a longer word
_WORD: Final = re.compile(r"[\s、。.,?!()のをにはがでとへもや]|から|まで|って|とは|$")


@dataclass(frozen=True, slots=True)
class CodeMatch:
    """A code found in a text: its place and the entries it may mean, by place in the index.

    `exact` where it names one entity and no other version of it, as a full local id does.
    """

    start: int
    end: int
    entries: tuple[int, ...]
    exact: bool = False


@dataclass(frozen=True)
class Codes:
    """The codes of a graph, folded: upper case, no hyphens, no leading zeros."""

    ids: Mapping[str, tuple[int, ...]]
    notations: Mapping[str, tuple[int, ...]]
    tails: Mapping[str, tuple[int, ...]]
    levels: Mapping[str, tuple[int, ...]]
    leveled: frozenset[int]
    superseded: frozenset[int]
    schemes: Sequence[tuple[re.Pattern[str], frozenset[int]]] = field(default=())

    def find(self, text: str) -> list[CodeMatch]:
        """The codes of a text from left to right, none within another; the longest wins."""
        folded = fold(text)
        upper = _upper(folded)
        scope = self._scope(upper)
        kept = list[CodeMatch]()
        for found in sorted(self._candidates(upper), key=lambda each: each.start - each.end):
            if all(found.end <= other.start or other.end <= found.start for other in kept):
                kept.append(found)
        return [
            _placed(each, folded, self._older(upper, each) or scope)
            for each in sorted(kept, key=lambda each: each.start)
        ]

    def _older(self, text: str, found: CodeMatch) -> frozenset[int]:
        """The superseded ones of what a code may mean, where 旧 stands before it."""
        return self.superseded if _OLDER.search(text[: found.start]) else frozenset()

    def _candidates(self, text: str) -> Iterator[CodeMatch]:
        yield from self._by_id(text)
        yield from self._by_number(text)
        yield from self._by_letters(text)
        yield from self._by_level(text)

    def _by_id(self, text: str) -> Iterator[CodeMatch]:
        for match in _ID.finditer(text):
            if found := self.ids.get(match.group()):
                yield CodeMatch(*match.span(), found, exact=True)

    def _by_number(self, text: str) -> Iterator[CodeMatch]:
        for match in _CODE.finditer(text):
            if not re.search("[-_]", match["sep"]) and _COUNTED.match(text, match.end()):
                continue
            key = match["letters"] + match["number"]
            found = self.notations.get(key, ())
            if any(word in match["sep"] for word in ("レ", "L")):
                found = tuple(place for place in found if place in self.leveled)
            elif not found and not match["sep"] and _WORD.match(text, match.end()):
                found = self.tails.get(key, ())
            if found:
                yield CodeMatch(*match.span(), found)
                yield from self._further(text, match)

    def _further(self, text: str, first: re.Match[str]) -> Iterator[CodeMatch]:
        match = _FURTHER.match(text, first.end())
        if match is None or _COUNTED.match(text, match.end()):
            return
        if found := self.notations.get(first["letters"] + match["number"]):
            yield CodeMatch(*match.span("number"), found)

    def _by_letters(self, text: str) -> Iterator[CodeMatch]:
        for match in _LETTERS.finditer(text):
            alone = match.group() == text.strip()
            named = alone or match["named"] or len(match["letters"]) >= _LONG
            found = self.notations.get(match["letters"], ()) if named else ()
            if found:
                yield CodeMatch(*match.span(), found)

    def _by_level(self, text: str) -> Iterator[CodeMatch]:
        """`レベル4`, where the text speaks of SFIA."""
        framework = _FRAMEWORK.search(text)
        if framework is None:
            return
        for match in _LEVEL.finditer(text):
            if found := self.levels.get(match["number"].translate(_KANJI_DIGITS)):
                near = 0 <= match.start() - framework.end() <= 2
                yield CodeMatch(framework.start() if near else match.start(), match.end(), found)

    def _scope(self, text: str) -> frozenset[int]:
        """The entries of the schemes that the text names, empty where it names none."""
        named = (places for pattern, places in self.schemes if pattern.search(text))
        return frozenset[int]().union(*named)


def asks_for_mapped(text: str) -> bool:
    """Whether a text with a code asks for what is mapped to it.

    >>> asks_for_mapped("AR-2に紐づくタスク"), asks_for_mapped("AR-2の研修")
    (True, False)
    """
    return bool(_MAPPED.search(fold(text).text))


def codes_of(entries: Sequence[Entry], schemes: Mapping[str, str]) -> Codes:
    """The codes of these entries; `schemes` are labels by id. Current ones before superseded."""
    order = sorted(range(len(entries)), key=lambda place: entries[place].superseded)
    ids, notations, tails, levels = (defaultdict[str, list[int]](list) for _ in range(4))
    for place in order:
        entry = entries[place]
        ids[entry.id.upper()].append(place)
        if entry.notation and re.search("[A-Za-z]", entry.notation):
            notations[_bare(entry.notation)].append(place)
        elif entry.id != entry.uri:
            tails[_bare(entry.id.rpartition(".")[2])].append(place)
        if number := _level(entry):
            levels[number].append(place)
    return Codes(
        ids=_frozen(ids),
        notations=_frozen(notations),
        tails=_frozen(tails),
        levels=_frozen(levels),
        leveled=frozenset(place for each in levels.values() for place in each),
        superseded=frozenset(place for place in order if entries[place].superseded),
        schemes=_scheme_patterns(entries, schemes),
    )


def _upper(folded: Folded) -> str:
    """Upper case and plain hyphens, character by character, so that places stay."""
    text = re.sub(r"(?<=[A-Za-z])ー(?=[0-9])", "-", folded.text)
    mapped = (each.upper() if len(each.upper()) == 1 else each for each in text)
    return "".join(mapped).translate(_HYPHENS_BUT_LONG_VOWEL)


_HYPHENS_BUT_LONG_VOWEL: Final = {key: value for key, value in _HYPHENS.items() if key != 0x30FC}


def _placed(found: CodeMatch, folded: Folded, scope: frozenset[int]) -> CodeMatch:
    """The match in the text as it was given, narrowed to the schemes that it names."""
    narrowed = tuple(place for place in found.entries if place in scope)
    start, end = folded.span(found.start, found.end)
    return CodeMatch(start, end, narrowed or found.entries, found.exact or bool(narrowed))


def _scheme_patterns(
    entries: Sequence[Entry], schemes: Mapping[str, str]
) -> tuple[tuple[re.Pattern[str], frozenset[int]], ...]:
    """How a text may name a scheme that has a version in its label: `CMBOK 1.0`, `cmbok1`."""
    return tuple(
        (_version_pattern(*match.groups()), frozenset(_of_scheme(entries, scheme)))
        for scheme, label in schemes.items()
        if (match := re.fullmatch(r"([A-Z]+) ?([0-9]+)\.([0-9]+)", label.upper()))
    )


def _version_pattern(name: str, major: str, minor: str) -> re.Pattern[str]:
    optional = r"(?:\.0)?" if minor == "0" else rf"\.{minor}"
    return re.compile(rf"{name}\s*{major}{optional}(?!\.?[0-9])")


def _of_scheme(entries: Sequence[Entry], scheme: str) -> Iterator[int]:
    return (place for place, entry in enumerate(entries) if entry.scheme == scheme)


def _level(entry: Entry) -> str | None:
    """The number of a level of SFIA, from its label."""
    if "sfia" not in entry.scheme.lower():
        return None
    match = re.search(r"(?:レベル|level)\s*([0-9])", fold(entry.label).text, re.IGNORECASE)
    return match[1] if match else None


def _bare(code: str) -> str:
    """A code without hyphens and leading zeros: `pc-01` and `PC1` are one."""
    plain = re.sub(r"[^A-Z0-9]", "", fold(code).text.upper())
    return re.sub(r"(?<=[A-Z])0+(?=[0-9])", "", plain)


def _frozen(found: Mapping[str, list[int]]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(places) for key, places in found.items()}
