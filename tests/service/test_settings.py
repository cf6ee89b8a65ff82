"""Settings from variables and flags."""

from pathlib import Path

import pytest

from service.settings import OPTIONS, SettingError, Settings


def test_defaults() -> None:
    settings = Settings.read({})
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.byte_cap == 64 * 2**20


def test_a_flag_beats_a_variable_and_none_does_not() -> None:
    environ = {"CCGRAPH_PORT": "9000", "CCGRAPH_DATA": "x"}
    settings = Settings.read(environ, port=9001, data=None)
    assert (settings.port, settings.data) == (9001, Path("x"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CCGRAPH_PORT", "high"),
        ("CCGRAPH_PORT", "70000"),
        ("CCGRAPH_WORKERS", "0"),
        ("CCGRAPH_QUERY_TIMEOUT", "-1"),
        ("CCGRAPH_QUERY_TIMEOUT", "nan"),
        ("CCGRAPH_BYTE_CAP", "64 apples"),
        ("CCGRAPH_BASE", "w3id.org"),
        ("CCGRAPH_LOG_LEVEL", "loud"),
        ("CCGRAPH_ENCODER", " "),
    ],
)
def test_a_bad_value_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingError, match=variable) as caught:
        Settings.read({variable: value})
    assert repr(value) in str(caught.value)
    assert caught.value.expected in str(caught.value)


def test_an_unknown_flag_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        Settings.read({}, colour="red")


def test_they_travel_through_an_environment() -> None:
    settings = Settings.read({}, port=9001, byte_cap="1KiB", data="there")
    assert Settings.read(settings.environ()) == settings


def test_each_is_described() -> None:
    assert all(option.ja and option.en and option.expected for option in OPTIONS)
    assert {option.variable for option in OPTIONS} >= {"CCGRAPH_BASE", "CCGRAPH_PUBLIC_URL"}
