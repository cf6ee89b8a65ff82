"""What a line names outright: an entity's id, its code, its label or another of its names."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from service.graph.notations import fold
from service.retrieval.analysis import folded_key
from service.retrieval.codes import Codes
from service.retrieval.entries import Entry

#: what may stand between a code and a name, or around one of them
_BESIDE: Final = re.compile(r"[\s:：・,、_\-－―()（）\[\]「」【】]")
#: a code of letters alone is as likely an abbreviation of something else
_DIGIT: Final = re.compile("[0-9]")


@dataclass(frozen=True, eq=False)
class Naming:
    """The ids, codes and names of entries, by place."""

    entries: tuple[Entry, ...]
    codes: Codes

    def identified(self, id: str) -> int | None:
        """The place of the entity with an id, in any case, or an IRI."""
        return self._ids.get(id, self._ids.get(id.casefold()))

    def called(self, text: str) -> tuple[int, ...]:
        """The entities with this label or other name; no misspelling, no reading of one."""
        return self._names.get(folded_key(text), ())

    def coded(self, text: str) -> Iterator[int]:
        """The entities that a code names, alone or beside a name of the same entity."""
        found = self.codes.find(text)
        if len(found) != 1:
            return
        code = fold(text[found[0].start : found[0].end])
        rest = _BESIDE.sub("", text[: found[0].start] + text[found[0].end :])
        for place in found[0].entries:
            is_code = fold(self.entries[place].notation or "") == code and _DIGIT.search(code)
            if is_code and (not rest or place in self.called(rest)):
                yield place

    def mentions_code(self, text: str) -> bool:
        """Whether there is a code anywhere in a text."""
        return bool(self.codes.find(text))

    @cached_property
    def _ids(self) -> Mapping[str, int]:
        found = dict[str, int]()
        for place, entry in enumerate(self.entries):
            found |= {entry.id.casefold(): place, entry.id: place, entry.uri: place}
        return found

    @cached_property
    def _names(self) -> Mapping[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {}
        for place, entry in enumerate(self.entries):
            names = (entry.label, *entry.others, *entry.alternatives)
            for key in {folded_key(name) for name in names}:
                found[key] = (*found.get(key, ()), place)
        return found
