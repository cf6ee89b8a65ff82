"""BM25F over the words of the index: which entries share words with a query, and how much.

The words of all fields of an entry are counted together, weighted by field, before the count
saturates (Robertson, Zaragoza, Taylor 2004). bm25s, the usual library, scores one field at a
time: a word that stands in label, gloss and utterance would count three times in full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from service.retrieval.analysis import Token
from service.retrieval.index import Index

Floats = npt.NDArray[np.float32]
Weighted = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Norm = Weighted | float

#: how much a word in each field counts beside one in a label
FIELD_WEIGHTS: Final[Mapping[str, float]] = {
    "label": 1.0,
    "altLabel": 1.0,
    "hiddenLabel": 1.0,
    "gloss": 0.5,
    "utterance": 0.5,
    "definition": 0.5,
}
#: saturation: how soon a further occurrence of a word counts for nothing
_K1: Final = 1.2
#: how far an entry's length is held against it, 0 to 1
_B: Final = 0.5


@dataclass(frozen=True)
class Lexicon:
    """Postings sorted by term: those of term t are `starts[t]:starts[t + 1]`.

    `impact` is what one occurrence in a query gives an entry, 0 to the term's `rarity` (idf).
    """

    starts: npt.NDArray[np.int64]
    entries: npt.NDArray[np.int64]
    impact: Floats
    rarity: Floats
    unknown: float
    size: int

    def scores(self, terms: Sequence[int | None]) -> Floats:
        """The share of the query's words, by rarity, that each entry has: 0 to 1.

        `terms` are numbers of the vocabulary, `None` for a word that no entry has.
        """
        total = np.zeros(self.size, np.float32)
        for term in terms:
            if term is not None:
                found = slice(self.starts[term], self.starts[term + 1])
                total[self.entries[found]] += self.impact[found]
        possible = sum(self.unknown if term is None else self.rarity[term] for term in terms)
        return total / np.float32(possible or 1)


def lexicon(index: Index, weights: Mapping[str, float] = FIELD_WEIGHTS) -> Lexicon:
    """The postings of an index."""
    owner = np.array([each.entry for each in index.passages], np.int64)
    weight = np.array([weights[each.field] for each in index.passages], np.float32)
    size, terms = len(index.entries), len(index.vocabulary)
    passage, term = index.words[:, 0], index.words[:, 1].astype(np.int64)
    pairs, place = np.unique(term * size + owner[passage], return_inverse=True)
    counts = np.bincount(place, weight[passage], len(pairs)).astype(np.float64)
    posted, entries = np.divmod(pairs, max(size, 1))
    norm = _norm(entries, counts, size)[entries]
    return postings(entries, posted, counts, norm=norm, terms=terms, size=size)


def sound_lexicon(index: Index) -> Lexicon:
    """The postings of the n-grams of readings, whatever an entry's length."""
    entries, gram, count = (index.sounds[:, column].astype(np.int64) for column in range(3))
    order = np.lexsort((entries, gram))
    counts = count[order].astype(np.float64)
    size, terms = len(index.entries), len(index.heard)
    return postings(entries[order], gram[order], counts, terms=terms, size=size)


def postings(
    entries: Places, posted: Places, counts: Weighted, *, terms: int, size: int, norm: Norm = 1.0
) -> Lexicon:
    """A lexicon from pairs of entry and term, sorted by term, with how often each occurs.

    `norm` is how much longer than the mean the entry of each pair is.
    """
    frequency = np.bincount(posted, minlength=terms)
    rarity = np.log1p((size - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
    return Lexicon(
        starts=np.concatenate(([0], np.cumsum(frequency))),
        entries=entries,
        impact=(rarity[posted] * counts / (counts + _K1 * norm)).astype(np.float32),
        rarity=rarity,
        unknown=float(rarity.max(initial=0)),
        size=size,
    )


def terms_of(index: Index, tokens: Sequence[Token]) -> list[int | None]:
    """The vocabulary's numbers of a query's words, each word once."""
    return [index.vocabulary.get(form) for form in dict.fromkeys(each.form for each in tokens)]


def _norm(entries: npt.NDArray[np.int64], counts: Weighted, size: int) -> Weighted:
    """How much longer each entry is than the mean, softened by B; 1 for the mean one."""
    lengths = np.bincount(entries, counts, size).astype(np.float64)
    softened: Weighted = 1 - _B + _B * lengths / (lengths.mean() if lengths.any() else 1)
    return softened
