"""How texts sound: character n-grams of their readings, for typos, kana and half-width.

`ろうき` and 労基, ｸﾚｰﾑ and クレーム, `シフとけいかく` and シフト計画 share most of their sounds
where they share no word. A weak field of its own, beside the words.
"""

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from service.retrieval.analysis import folded_key, reading
from service.retrieval.entries import Entry
from service.retrieval.passages import Passage

#: characters of an n-gram of a reading
GRAM: Final = 3
#: the fields that are heard; a definition is long, and shares some sound with every query
HEARD: Final = frozenset({"label", "altLabel", "hiddenLabel", "gloss", "utterance"})

#: longest name, in characters, that somebody would type by its sound
_NAME: Final = 20

Rows = npt.NDArray[np.int32]


def spelt_out(entry: Entry) -> Entry:
    """The entry with the readings of all its names: くれーむたいおう finds クレーム対応."""
    names = (entry.label, *entry.alternatives, *entry.hidden)
    known = {folded_key(name) for name in (*names, *entry.readings)}
    found = dict.fromkeys(reading(name) for name in names if len(name) <= _NAME)
    more = (each for each in found if each and each not in known)
    return replace(entry, readings=(*entry.readings, *more))


def sounds(texts: Sequence[Passage], readings: Sequence[str]) -> tuple[dict[str, int], Rows]:
    """The n-grams by number, and a row (entry, n-gram, passages that have it) for each pair.

    `texts` come entry by entry, each with its reading.
    """
    vocabulary = dict[str, int]()
    rows = array("i")  # a count for all pairs at once takes thirty times the memory
    pairs = zip(texts, readings, strict=True)
    for entry, owned in groupby(pairs, key=lambda pair: pair[0].entry):
        spoken = (kana for each, kana in owned if each.field in HEARD)
        counts = Counter(gram for text in spoken for gram in dict.fromkeys(grams(text)))
        for gram, count in counts.items():
            rows.extend((entry, vocabulary.setdefault(gram, len(vocabulary)), count))
    return vocabulary, np.array(rows, np.int32).reshape(-1, 3)


def heard(vocabulary: Mapping[str, int], text: str) -> list[int | None]:
    """The numbers of a query's n-grams, each once; `None` for one that no entry has."""
    return [vocabulary.get(gram) for gram in dict.fromkeys(grams(reading(text)))]


def grams(text: str) -> Iterator[str]:
    """The n-grams of a reading; a shorter one is its own.

    >>> list(grams("ローキホー"))
    ['ローキ', 'ーキホ', 'キホー']
    """
    if text:
        yield from (text[i : i + GRAM] for i in range(max(1, len(text) - GRAM + 1)))
