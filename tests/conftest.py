"""Where the documents are that the tests read, and how patient the property tests are."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

#: nothing here is timed: by default an example that takes 0.2 seconds fails its test
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

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
