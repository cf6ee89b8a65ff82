"""What a build folder is: the one agreement between those who write builds and who serve them.

`DIR/builds/<version>/` holds the graph, the reports and the search index; `manifest.json`, which
is written last, names every file with its SHA-256. `DIR/current` links to the build in use.
Nothing in a build changes but that an index is added and figures are measured anew.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

BUILDS: Final = "builds"
CURRENT: Final = "current"
GRAPH: Final = "graph.nq"
MANIFEST: Final = "manifest.json"
#: figures that were measured of a build, beside its index; they may be measured anew
FIGURES: Final = "quality.json"


def read_manifest(folder: Path) -> dict[str, Any]:
    """A build's manifest; raises `OSError` or `ValueError` where there is none to be read."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return manifest


def checksum(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def damage(folder: Path) -> list[str]:
    """The files of a build that are missing or not as its manifest says; none if it is whole."""
    try:
        sums = read_manifest(folder)["files"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [MANIFEST]
    return [name for name, expected in sums if not _is(folder / name, expected)]


def _is(path: Path, expected: str) -> bool:
    return path.is_file() and checksum(path) == expected
