"""Publishes a build again and again, each time dying at the next change to the file system.

    python killed_builds.py PICKLE START RESULTS

PICKLE holds a build and the files that its `finish` adds, START is a data directory. RESULTS
gets one copy of it a death, named by number; the last, in which nobody dies, is `whole`.
"""

import os
import pickle
import shutil
import sys
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from loaders.artefact import exclusive, publish
from loaders.build import Build

KILLED = 99
#: audit events of calls that change what a reader of the disk may see
CHANGES = frozenset({"os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "open"})
WRITES = os.O_WRONLY | os.O_RDWR


def main(pickled: Path, start: Path, results: Path) -> None:
    build, files = pickle.loads(pickled.read_bytes())
    for number in count():
        data = results / str(number)
        shutil.copytree(start, data, symlinks=True)
        child = os.fork()
        if not child:
            die_at(number)
            run(build, files, data)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != KILLED:
            assert status == 0, f"death {number}: status {status}"
            data.rename(results / "whole")
            return


def run(build: Build, files: Mapping[str, bytes], data: Path) -> None:
    def finish(folder: Path) -> Mapping[str, object]:
        for name, content in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        return {"encoder": "invented"}

    registry = data / "registry.csv"
    with exclusive(data, registry):
        publish(build, data, registry, finish)


def die_at(number: int) -> None:
    """End this process, flushing nothing, at the moment of this number.

    The moments are those before each change to the file system, and those when a file that is
    to be written is empty.
    """
    moments = count()

    def reached() -> bool:
        return next(moments) == number

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in CHANGES or (event == "open" and not arguments[2] & WRITES):
            return
        if reached():
            os._exit(KILLED)
        if event == "open" and arguments[2] & os.O_TRUNC and reached():
            Path(arguments[0]).write_bytes(b"")
            os._exit(KILLED)

    real_sync = os.fsync

    def sync(handle: int) -> None:
        if reached():
            os._exit(KILLED)
        real_sync(handle)

    os.fsync = sync  # type: ignore[assignment]
    sys.addaudithook(audit)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
