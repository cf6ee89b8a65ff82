"""The header lines of a question's file: `#+ key: value`, texts in Japanese with English beside.

A short text has its English after ` / `; a description and a summary have it on a line of their
own (`#+ description en: …`). A file may leave the English out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from service.graph.parameters import KINDS

#: keys that stand alone, and those that a name follows
_PLAIN: Final = frozenset({"title", "order", "description", "summary", "word"})
_NAMED: Final = frozenset({"param", "column", "entity"})
#: keys of long texts, whose English is a header of its own
_LONG: Final = frozenset({"description", "summary"})
_HEADER: Final = re.compile(r"#\+\s*(?P<key>[a-z]+)(?:\s+(?P<name>\w+))?\s*:\s*(?P<value>.*)")
_PARAM: Final = re.compile(
    r"(?P<kind>[a-z-]+)\s*=\s*(?P<default>.*?)\s*(?:\((?P<label>[^()]*)\))?$"
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A choice the asker has: its kind is a key of `service.graph.parameters.KINDS`."""

    name: str
    kind: str
    default: str
    label: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Header:
    """One line: its key, the name after it (blank for a plain key) and the value."""

    key: str
    name: str
    value: str

    @property
    def ja(self) -> str:
        """A short text in Japanese."""
        return _halves(self.value)[0]

    @property
    def en(self) -> str:
        """A short text in English; Japanese where there is no English."""
        return _halves(self.value)[1] or self.ja


def headers(file: str, text: str) -> Iterator[Header]:
    """Each header line of a file. Raises `ValueError` naming file and line of a bad one."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#+"):
            found = _HEADER.fullmatch(line.strip())
            if found is None or not _allowed(found["key"], found["name"]):
                raise ValueError(
                    f"{file}:{number}: 「#+ title: …」「#+ param NAME: kind = value (label)」"
                    f"などの形で書いてください / not a header line: {line}"
                )
            yield Header(found["key"], found["name"] or "", found["value"].strip())


def parameter(file: str, header: Header) -> Parameter:
    """A parameter from its line; without a label it is called by its kind."""
    found = _PARAM.fullmatch(header.value)
    if found is None or found["kind"] not in KINDS:
        raise ValueError(
            f"{file}: param {header.name}: kind = default (label); not {header.value}; "
            f"kind は / one of {', '.join(KINDS)}"
        )
    kind = KINDS[found["kind"]]
    ja, en = _halves(found["label"] or f"{kind.ja} / {kind.en}")
    return Parameter(header.name, found["kind"], found["default"], ja, en or ja)


def _allowed(key: str, name: str | None) -> bool:
    if key in _NAMED:
        return name is not None
    return key in _PLAIN and (name is None or (key in _LONG and name == "en"))


def _halves(text: str) -> tuple[str, str]:
    ja, _, en = text.partition(" / ")
    return ja.strip(), en.strip()
