"""What the processes that a server process starts must not have of it."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

#: a process's own open files, by number
_OPEN: Final = Path("/dev/fd")
_STANDARD: Final = 2


def keep_descriptors() -> None:
    """Let no process that is started from here on have this one's files, standard ones aside.

    Where there are several server processes, they have their listening socket by inheritance, and
    uvloop hands on whatever can be inherited: query workers would hold that socket, and keep the
    port open when the service has ended.
    """
    for number in [int(each.name) for each in _OPEN.iterdir()]:
        if number > _STANDARD:
            with suppress(OSError):  # the listing's own
                os.set_inheritable(number, False)
