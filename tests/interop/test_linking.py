"""The examples of docs/linking.md, taken from the page and run against a real server."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "linking.md"
WRITTEN = "http://127.0.0.1:8000/"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def ran(root: str, text: str, *program: str) -> str:
    """What an example printed that went well at another address."""
    example = text.replace(WRITTEN.rstrip("/"), root.rstrip("/"))
    ended = subprocess.run(
        program, input=example, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_there_is_something_to_run() -> None:
    assert len(blocks("sh")) >= 6 and len(blocks("python")) >= 5


@pytest.mark.parametrize("text", blocks("python"))
def test_python(root: str, text: str) -> None:
    told = ran(root, text, sys.executable, "-")
    expected = re.findall(r"# → (.*)$", text, re.MULTILINE)
    assert expected
    for each in expected:
        assert each in told


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("text", blocks("sh"))
def test_curl(root: str, text: str) -> None:
    assert ran(root, text, "bash", "-eu").strip()


def test_what_curl_is_told(root: str) -> None:
    if not shutil.which("curl"):
        pytest.skip("needs curl")
    names, codes, *_ = (ran(root, text, "bash", "-eu") for text in blocks("sh")[:2])
    assert "303 See Other" in names and "../page/cmbok2.HR-5" in names and "@prefix" in names
    assert "../id/cmbok2.HR-5" in codes and "指標管理" in codes


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
@pytest.mark.parametrize("text", blocks("js"))
def test_javascript(root: str, text: str) -> None:
    told = ran(root, text, "node", "--input-type=module", "-")
    assert "https://w3id.org/ccgraph/id/" in told and "true" in told


@pytest.mark.parametrize("text", blocks("json"))
def test_configuration_is_json(text: str) -> None:
    assert json.loads(text)["mcpServers"]["ccgraph"]["url"] == WRITTEN + "mcp"
