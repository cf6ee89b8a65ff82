"""How long the parts of an answer took, for its `Server-Timing` header.

What measures knows no request: the parts go to whoever collects them in this context, and to
nobody where nobody does.
"""

import time
from contextvars import ContextVar
from typing import Final

#: seconds by part, of the request being answered; threads that work for it share the mapping
_PARTS: Final[ContextVar[dict[str, float] | None]] = ContextVar("parts", default=None)


def collect() -> dict[str, float]:
    """Begin to collect: the mapping that parts of this context are added to, in seconds."""
    parts: dict[str, float] = {}
    _PARTS.set(parts)
    return parts


class timed:  # noqa: N801 -- reads as a statement
    """Measures the statement it stands over, as a part of the answer.

    >>> parts = collect()
    >>> with timed("rank"):
    ...     pass
    >>> list(parts)
    ['rank']
    """

    __slots__ = ("_begun", "_part")

    def __init__(self, part: str) -> None:
        self._part = part

    def __enter__(self) -> None:
        self._begun = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        parts = _PARTS.get()
        if parts is not None:
            spent = time.perf_counter() - self._begun
            parts[self._part] = parts.get(self._part, 0.0) + spent
