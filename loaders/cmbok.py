"""The CMBOK's versions as schemes: what its code table and its areas document share."""

import re

from loaders.records import Reading, Scheme

_VERSION = re.compile(r"CMBOK\s*(?:Ver(?:sion)?\.?\s*)?(?P<version>[0-9]+(?:\.[0-9]+)*)", re.I)


def version_in(folded: str) -> str | None:
    """The version that a text names, its widths folded.

    >>> version_in("● CMBOK2.0 コンピテンシー"), version_in("CMBOK 3"), version_in("CMBOK")
    ('2.0', '3.0', None)
    """
    found = _VERSION.search(folded)
    if found is None:
        return None
    return found["version"] if "." in found["version"] else found["version"] + ".0"


def scheme_id(version: str) -> str:
    """The scheme of a version.

    >>> scheme_id("2.0"), scheme_id("2.1")
    ('cmbok2', 'cmbok2.1')
    """
    return "cmbok" + version.removesuffix(".0")


def scheme(version: str, reads: tuple[Reading, ...] = ()) -> Scheme:
    """The scheme of a version, with its label and how far its top concepts were read."""
    return Scheme(scheme_id(version), f"CMBOK {version}", version, reads)
