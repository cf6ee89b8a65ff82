"""Where the documents are that the tests read."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def official() -> Path:
    """The folder of the official documents; the test is skipped where there is none."""
    beside = PROJECT.parent / "shared" / "documents"
    folder = Path(os.environ.get("CCGRAPH_DOCUMENTS") or beside)
    if not folder.is_dir():
        pytest.skip(f"the official documents are not there: {folder.name} (CCGRAPH_DOCUMENTS)")
    return folder


@pytest.fixture(scope="session")
def open_edition() -> Path:
    """The folder of the documents that the project ships."""
    return PROJECT / "loaders" / "documents"
