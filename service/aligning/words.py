"""Which words two texts share: cosines by rarity, with the most alike text of each entry."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.retrieval.index import Index
from service.retrieval.lexical import Floats


@dataclass(frozen=True)
class Overlap:
    """Words of chosen texts: word w is term `terms[w]` of text `texts[w]`, each once.

    `owners` has the entry of each text, `lengths` the root of the rarities of its words in all.
    """

    terms: npt.NDArray[np.int64]
    texts: npt.NDArray[np.int64]
    owners: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.float64]
    rarity: Floats
    size: int

    def cosines(self, terms: Sequence[int | None]) -> Floats:
        """How alike each entry's most alike text is, 0 to 1; words nobody has count too."""
        known = np.array([term for term in terms if term is not None], np.int64)
        strange = len(terms) - len(known)
        length = self.rarity[known].sum() + strange * self.rarity.max(initial=0)
        found = np.zeros(self.size, np.float32)
        if length > 0:
            common = np.isin(self.terms, known) * self.rarity[self.terms]
            shared = np.bincount(self.texts, common, len(self.owners))
            np.maximum.at(found, self.owners, shared / (self.lengths * np.sqrt(length)))
        return found


def overlap(index: Index, rarity: Floats, fields: frozenset[str]) -> Overlap:
    """The words of an index's texts in these fields; `rarity` is by term."""
    chosen = np.array([each.field in fields for each in index.passages], bool)
    kept = index.words[chosen[index.words[:, 0]]]
    texts, terms = np.unique(kept[:, :2].astype(np.int64), axis=0).T
    squared = np.bincount(texts, rarity[terms], len(chosen))
    return Overlap(
        terms=terms,
        texts=texts,
        owners=np.array([each.entry for each in index.passages], np.int64),
        lengths=np.sqrt(np.maximum(squared, 1e-9)),
        rarity=rarity,
        size=len(index.entries),
    )
