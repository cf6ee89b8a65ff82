"""Our own knowledge as data: labels, readings, glosses, utterances, and what we say of schemes.

Editors maintain TOML files under `ontology/vocabulary/`, one table an entity, keyed by local id.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
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


def load_vocabulary(folder: Path = FOLDER) -> Vocabulary:
    """Read every vocabulary file; raises `VocabularyError` on a bad table or an id told twice."""
    entries: dict[str, Entry] = {}
    for path in sorted(folder.glob("*.toml")):
        for id, entry in _tables(path, Entry).items():
            if id in entries:
                raise VocabularyError(f"{path.name}: {id} は二度書かれています / is there twice")
            entries[id] = entry
    return Vocabulary(entries, _tables(SCHEMES, SchemeEntry), _tables(EDITIONS, Edition))


def _tables(path: Path, kind: type[_T]) -> dict[str, _T]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return {id: TypeAdapter(kind).validate_python(table) for id, table in content.items()}
    except (tomllib.TOMLDecodeError, ValidationError) as fault:
        raise VocabularyError(f"{path.name}: 項目を読めません / cannot be read: {fault}") from fault
