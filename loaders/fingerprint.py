"""Recognising a text without holding it: a hash for the same, a sketch for the similar.

A sketch is a Bloom bitmap of the text's characters and character bigrams (1,024 bits, one hash
function). Unlike MinHash it is exact up to collisions on sentences of 5 to 150 characters, and
it also answers containment, which tells a sentence that was cut off from a reworded one.
"""

import base64
import hashlib
from dataclasses import dataclass
from itertools import pairwise

from loaders.text import normal

BITS = 1024


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The hash (16 hex digits of SHA-256) and the sketch (a bitmap) of a normalised text."""

    hash: str
    sketch: int

    def __str__(self) -> str:
        packed = base64.b85encode(self.sketch.to_bytes(BITS // 8, "big"))
        return f"{self.hash}:{packed.decode()}"


def fingerprint(text: str) -> Fingerprint:
    """The fingerprint of a text; width, case, spaces and middle dots do not matter.

    >>> fingerprint("WEB と検索") == fingerprint("ＷＥＢと検索")
    True
    """
    folded = normal(text)
    return Fingerprint(hashlib.sha256(folded.encode()).hexdigest()[:16], _sketch(folded))


def parse_fingerprint(text: str) -> Fingerprint:
    """Read what `str(Fingerprint)` wrote; raises `ValueError` on anything else."""
    digest, separator, packed = text.partition(":")
    if not separator or len(digest) != 16 or len(packed) != BITS // 8 * 5 // 4:
        raise ValueError(f"not a fingerprint: {text!r}")
    return Fingerprint(digest, int.from_bytes(base64.b85decode(packed), "big"))


def similarity(a: Fingerprint, b: Fingerprint) -> float:
    """The Jaccard coefficient of two sketches, 0 to 1.

    >>> similarity(fingerprint("年度予算を策定する"), fingerprint("年度の予算を策定する")) > 0.7
    True
    """
    union = (a.sketch | b.sketch).bit_count()
    return (a.sketch & b.sketch).bit_count() / union if union else float(a.hash == b.hash)


def containment(part: Fingerprint, whole: Fingerprint) -> float:
    """How much of `part` is in `whole`, 0 to 1: near 1 for a sentence that was cut off."""
    size = part.sketch.bit_count()
    return (part.sketch & whole.sketch).bit_count() / size if size else 0.0


def _sketch(folded: str) -> int:
    grams = {*folded, *map("".join, pairwise(folded))}
    bits = 0
    for gram in grams:
        digest = hashlib.blake2b(gram.encode(), digest_size=4).digest()
        bits |= 1 << (int.from_bytes(digest, "big") % BITS)
    return bits
