"""How every command refuses: a sentence on the error stream and an exit status."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import typer

from service import console
from service.settings import SettingError, Settings

#: exit statuses: something was found or refused; used wrongly
FINDINGS: Final = 1
USAGE: Final = 2


def read_settings(**overrides: object) -> Settings:
    """The settings of the environment and the flags that were given."""
    return Settings.read(os.environ, **overrides)


@contextmanager
def reported() -> Iterator[None]:
    """Turn what is wrong with input into a sentence and an exit status, never a traceback."""
    try:
        yield
    except SettingError as fault:
        refuse(str(fault), USAGE)
    except _faults() as fault:
        refuse(str(fault), FINDINGS)


def _faults() -> tuple[type[Exception], ...]:
    """What says that input is wrong; called only then, so that no command waits for the others."""
    from ontology.mapping_sets import MappingFileError
    from service.aligning.subjects import AlignError
    from service.boot import DataError
    from service.retrieval.encoders import EncoderError
    from service.retrieval.evaluation import JudgmentError
    from service.retrieval.patch import PatchError
    from service.tuning.training import TuningError

    opening = (DataError, EncoderError, PatchError, OSError)
    return (*opening, AlignError, JudgmentError, MappingFileError, TuningError)


def refuse(sentence: str, status: int) -> NoReturn:
    """Say why and stop with an exit status."""
    console.complain(sentence)
    raise typer.Exit(status)
