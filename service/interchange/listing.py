"""A list as CASE lets clients ask for it: filtered, sorted, cut, with chosen members.

Rules: 1EdTech CASE 1.1, REST binding, the query parameters of `getAllCFDocuments`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: the members of a CFDocument that may be sorted by, filtered by and chosen
FIELDS: Final = (
    "identifier", "uri", "frameworkType", "caseVersion", "creator", "title", "lastChangeDateTime",
    "officialSourceURL", "publisher", "description", "language", "version", "adoptionStatus",
    "licenseURI", "notes", "CFPackageURI",
)  # fmt: skip
_TERM: Final = re.compile(r"\s*(\w+)\s*(!=|>=|<=|=|>|<|~)\s*'([^']*)'\s*")
_JOINT: Final = re.compile(r"\s+(AND|OR)\s+")
_COMPARED: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": str.__eq__,
    "!=": str.__ne__,
    ">": str.__gt__,
    ">=": str.__ge__,
    "<": str.__lt__,
    "<=": str.__le__,
    "~": str.__contains__,
}

Document = Mapping[str, Any]


class SelectionError(ValueError):
    """A query parameter that cannot be used: its name, and CASE's word for what is wrong."""

    def __init__(self, parameter: str, code: str, expected: str) -> None:
        super().__init__(
            f"{parameter} を見直してください。使えるのは {expected} です。"
            f" / Check {parameter}; expected {expected}."
        )
        self.parameter = parameter
        self.code = code


@dataclass(frozen=True)
class Selection:
    """What of a list is asked for; `fields` empty means every member."""

    limit: int = 100
    offset: int = 0
    sort: str = ""
    descending: bool = False
    filter: str = ""
    fields: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Selection":
        """The selection of query parameters; raises `SelectionError`.

        >>> Selection.of({"limit": "2", "sort": "title", "orderBy": "desc"}).descending
        True
        """
        order = given.get("orderBy", "asc")
        if order not in ("asc", "desc"):
            raise SelectionError("orderBy", "invalid_sort_field", "asc, desc")
        sort = given.get("sort", "")
        if sort and sort not in FIELDS:
            raise SelectionError("sort", "invalid_sort_field", ", ".join(FIELDS))
        fields = tuple(filter(None, given.get("fields", "").split(",")))
        if set(fields) - set(FIELDS):
            raise SelectionError("fields", "invalid_selection_field", ", ".join(FIELDS))
        return cls(
            _number(given, "limit", 100, 1),
            _number(given, "offset", 0, 0),
            sort,
            order == "desc",
            given.get("filter", ""),
            fields,
        )

    def matching(self, documents: Sequence[Document]) -> list[Document]:
        """The documents that fit the filter, sorted; raises `SelectionError`."""
        fits = _filter(self.filter) if self.filter else None
        found = [each for each in documents if fits is None or fits(each)]
        if self.sort or self.descending:
            found.sort(key=lambda each: str(each.get(self.sort or "identifier", "")))
        return found[::-1] if self.descending else found

    def shown(self, documents: Sequence[Document]) -> list[Document]:
        """The part of the list that is shown, with the members asked for."""
        part = documents[self.offset : self.offset + self.limit]
        if not self.fields:
            return list(part)
        return [{k: v for k, v in each.items() if k in self.fields} for each in part]


def _filter(text: str) -> Callable[[Document], bool]:
    """A filter: `field='value'`, several joined by AND or OR, read from the left."""
    terms = [_term(part) for part in _JOINT.split(text)[::2]]
    joints = _JOINT.split(text)[1::2]

    def fits(document: Document) -> bool:
        found = terms[0](document)
        for joint, term in zip(joints, terms[1:], strict=True):
            found = (found and term(document)) if joint == "AND" else (found or term(document))
        return found

    return fits


def _term(text: str) -> Callable[[Document], bool]:
    found = _TERM.fullmatch(text)
    if found is None or found[1] not in FIELDS:
        raise SelectionError("filter", "invalid_selection_field", "title~'CMBOK' AND language='ja'")
    field, compared, value = found[1], _COMPARED[found[2]], found[3]
    return lambda document: compared(str(document.get(field, "")), value)


def _number(given: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = given.get(name, str(default))
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) < least:
        raise SelectionError(name, "invalid_selection_field", f"integer >= {least}")
    return int(text)
