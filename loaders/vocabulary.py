"""Our own knowledge as data: labels, readings, glosses, utterances, and what we say of schemes.

Editors maintain TOML files under `ontology/vocabulary/`, one table an entity, keyed by local id.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ontology.terms import HOME

_T = TypeVar("_T")

FOLDER = HOME / "vocabulary"
SCHEMES = HOME / "schemes.toml"
EDITIONS = HOME / "editions.toml"


class VocabularyError(ValueError):
    """A vocabulary file that an editor has to mend; the message names file and entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What we say of one entity, all in Japanese but `en`; readings in katakana."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    en: str = ""
    kana: str = ""
    gloss: str = ""
    alt: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    utterances: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SchemeEntry:
    """What we say of a scheme; `replaced_by` is the scheme that supersedes it."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    ja: str = ""
    en: str = ""
    replaced_by: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition of the documents: what it is called and whose the texts are.

    `digests` are the ids of the documents that are known to belong to it.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    key: str
    ja: str
    en: str
    rights_ja: str
    rights_en: str
    licence: str = ""
    digests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """All entries by local id, all schemes, all editions."""

    entries: Mapping[str, Entry]
    schemes: Mapping[str, SchemeEntry]
    editions: Mapping[str, Edition]

    @property
    def successions(self) -> frozenset[tuple[str, str]]:
        """The schemes that were replaced, each with its successor."""
        return frozenset((id, each.replaced_by) for id, each in self.schemes.items())


def load_vocabulary(folder: Path = FOLDER, own: Path | None = None) -> Vocabulary:
    """Read every vocabulary file; raises `VocabularyError` on a bad table or an id told twice.

    `own` is a user's table of schemes, which says more than ours or otherwise; it may be absent.
    """
    entries: dict[str, Entry] = {}
    for path in sorted(folder.glob("*.toml")):
        for id, entry in _tables(path, Entry).items():
            if id in entries:
                raise VocabularyError(f"{path.name}: {id} は二度書かれています / is there twice")
            entries[id] = entry
    return Vocabulary(entries, _schemes(own), _tables(EDITIONS, Edition))


def _schemes(own: Path | None) -> dict[str, SchemeEntry]:
    found = _tables(SCHEMES, SchemeEntry)
    mine = _tables(own, SchemeEntry) if own and own.exists() else {}
    for id, entry in mine.items():
        packaged = found.get(id, SchemeEntry())
        said = {key: text for key, text in asdict(entry).items() if text}
        found[id] = replace(packaged, **said)
    for id in mine:
        _refuse_circle(id, found)
    return found


def _refuse_circle(id: str, schemes: Mapping[str, SchemeEntry]) -> None:
    """A scheme that is its own successor, at once or by others, has none."""
    later, seen = schemes[id].replaced_by, {id}
    while later:
        if later in seen:
            raise VocabularyError(
                f"schemes.toml: {id} の replaced_by が {later} へ戻っています"
                " / the successors of a scheme must not lead back"
            )
        seen.add(later)
        later = schemes[later].replaced_by if later in schemes else ""


def _tables(path: Path, kind: type[_T]) -> dict[str, _T]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return {id: TypeAdapter(kind).validate_python(table) for id, table in content.items()}
    except (tomllib.TOMLDecodeError, ValidationError) as fault:
        raise VocabularyError(f"{path.name}: 項目を読めません / cannot be read: {fault}") from fault
