"""The folder in which the server processes of one `ccgraph serve` keep what they count together."""

import os
from pathlib import Path
from typing import Final

#: set by `ccgraph serve` for its processes; the name is that of the Prometheus library
VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


def shared_folder() -> Path | None:
    """The folder, or `None` where one process serves alone."""
    found = os.environ.get(VARIABLE)
    return Path(found) if found else None
