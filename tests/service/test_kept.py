"""The index of a graph that brings none: made once, kept, made anew where it is damaged."""

import json
import logging
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ontology.terms import Names
from service.boot import open_graph, open_search, prepare
from service.graph.disk import STORES, open_on_disk
from service.graph.store import Graph
from service.retrieval.kept import INDEXES
from service.retrieval.search import Asked, Search
from service.settings import Settings

HERE = Path(__file__).parent
ANIMAL = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<https://example.org/zoo/%(name)s> a skos:Concept ; skos:prefLabel "%(name)s"@en .
"""


@dataclass(frozen=True)
class Zoo:
    """A vocabulary of somebody else's and a data folder."""

    file: Path
    data: Path

    def settings(self, **given: object) -> Settings:
        return Settings.read(
            {}, **{"graph": self.file, "data": self.data, "encoder": "ngram", **given}
        )

    def search(self, told: Callable[[int, int], None] | None = None, **given: object) -> Search:
        settings = self.settings(**given)
        return open_search(settings, *open_graph(settings), told)

    def encoded(self, **given: object) -> int:
        """How many texts are encoded when the search is opened."""
        told: list[tuple[int, int]] = []
        self.search(lambda *at: told.append(at), **given)
        return told[-1][1] if told else 0

    def add(self, name: str) -> None:
        with self.file.open("a", encoding="utf-8") as file:
            file.write(ANIMAL % {"name": name})

    @property
    def kept(self) -> list[Path]:
        return sorted(seal.parent for seal in self.data.glob(f"{INDEXES}/**/sealed.json"))


@pytest.fixture
def zoo(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Zoo:
    caplog.set_level(logging.INFO, "ccgraph")
    file = tmp_path / "zoo.ttl"
    file.write_bytes((HERE / "foreign.ttl").read_bytes())
    return Zoo(file, tmp_path / "data")


def first(search: Search, text: str) -> str:
    return search.find(Asked(text=text, limit=1)).hits[0].label


def test_it_is_made_once(zoo: Zoo) -> None:
    assert zoo.encoded() > 5
    made = zoo.search()
    assert [each.name for each in zoo.kept] == ["index-ngram"]
    assert zoo.kept[0].parent.name == made.index.version
    assert zoo.encoded() == 0
    assert first(made, "kitty") == "cat"


def test_those_who_come_at_once_make_one(zoo: Zoo, caplog: pytest.LogCaptureFixture) -> None:
    threads = [threading.Thread(target=zoo.search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert caplog.text.count("index kept") == 1
    assert len(zoo.kept) == 1


def cut(index: Path) -> None:
    arrays = index / "index.npz"
    arrays.write_bytes(arrays.read_bytes()[:100])


def lose(index: Path) -> None:
    (index / "index.npz").unlink()


def unseal(index: Path) -> None:
    (index / "sealed.json").unlink()


def garble(index: Path) -> None:
    head = index / "index.json"
    head.write_bytes(b"x" * head.stat().st_size)


def garble_arrays(index: Path) -> None:
    arrays = index / "index.npz"
    arrays.write_bytes(b"x" * arrays.stat().st_size)


def age(index: Path) -> None:
    head = index / "index.json"
    text = head.read_text(encoding="utf-8")
    head.write_text(text.replace('{"format":', '{"format":-'), encoding="utf-8")


@pytest.mark.parametrize("harm", [cut, lose, unseal, garble, garble_arrays, age])
def test_a_damaged_one_is_made_anew_with_a_notice(
    zoo: Zoo, harm: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    zoo.search()
    harm(zoo.data / INDEXES / zoo.search().index.version / "index-ngram")
    caplog.clear()
    assert first(zoo.search(), "kitty") == "cat"
    assert [each.levelname for each in caplog.records] == ["WARNING", "INFO"]
    assert "index-ngram" in caplog.records[0].getMessage()
    assert zoo.encoded() == 0


def test_a_half_made_one_is_no_index(zoo: Zoo) -> None:
    zoo.search()
    (index,) = zoo.kept
    index.rename(index.with_name("index-ngram.partial"))
    assert zoo.encoded() > 5
    assert [each.name for each in index.parent.iterdir() if each.is_dir()] == ["index-ngram"]


def for_another(index: Path) -> None:
    """Make an index one of another encoder, of a name as long."""
    head = index / "index.json"
    text = head.read_text(encoding="utf-8").replace('"encoder":"ngram"', '"encoder":"other"')
    head.write_text(text, encoding="utf-8")
    index.rename(index.with_name("index-other"))


def test_another_encoder_has_one_of_its_own(zoo: Zoo, caplog: pytest.LogCaptureFixture) -> None:
    zoo.search()
    (index,) = zoo.kept
    for_another(index)
    caplog.clear()
    assert zoo.encoded() > 5
    assert "index made with other, encoded anew with ngram" in caplog.text
    assert [each.name for each in zoo.kept] == ["index-ngram", "index-other"]
    caplog.clear()
    assert zoo.encoded() == 0
    assert not caplog.records


def test_another_base_has_one_of_its_own(zoo: Zoo) -> None:
    other = "https://example.org/"
    ours = Zoo(HERE / "search.trig", zoo.data)
    assert first(ours.search(), "HR-5") == first(ours.search(base=other), "HR-5")
    assert "cmbok2.HR-5" in {each.id for each in ours.search().index.entries}
    assert "cmbok2.HR-5" not in {each.id for each in ours.search(base=other).index.entries}
    assert len(ours.kept) == 2
    assert ours.encoded() == ours.encoded(base=other) == 0


def test_what_the_file_had_before_is_not_encoded_again(zoo: Zoo) -> None:
    before = zoo.search().index.version
    zoo.add("okapi")
    assert zoo.encoded() == 1
    assert first(zoo.search(), "okapi") == "okapi"
    assert [each.parent.name for each in zoo.kept] == [zoo.search().index.version]
    assert not (zoo.data / INDEXES / before).exists()


def test_another_encoder_does_not_cost_what_was_encoded_before(zoo: Zoo) -> None:
    """Somebody searched with another encoder in between."""
    zoo.search()
    zoo.add("okapi")
    now = zoo.data / INDEXES / zoo.search().index.version
    for_another(now / "index-ngram")
    before = now.parent / "0123456789abcdef"
    before.mkdir()
    shutil.copytree(now / "index-other", before / "index-ngram")
    head = before / "index-ngram" / "index.json"
    head.write_text(head.read_text("utf-8").replace('"other"', '"ngram"'), encoding="utf-8")
    assert zoo.encoded() == 0


def test_what_another_file_had_is_left_alone(zoo: Zoo) -> None:
    other = Zoo(zoo.file.with_name("other.ttl"), zoo.data)
    other.file.write_text(ANIMAL % {"name": "yak"}, encoding="utf-8")
    other.search()
    zoo.search()
    zoo.add("okapi")
    zoo.search()
    assert len(zoo.kept) == 2
    assert other.encoded() == 0


def test_a_file_that_is_linked_to_is_the_same_file(zoo: Zoo) -> None:
    """Who serves a link and sets it anew has one file."""
    link = zoo.file.with_name("served.ttl")
    link.symlink_to(zoo.file)
    served = Zoo(link, zoo.data)
    served.search()
    newer = zoo.file.with_name("newer.ttl")
    newer.write_bytes(zoo.file.read_bytes() + (ANIMAL % {"name": "okapi"}).encode())
    link.unlink()
    link.symlink_to(newer)
    assert served.encoded() == 1
    assert len(served.kept) == 1


def test_where_nothing_can_be_written_it_is_made_in_memory(
    zoo: Zoo, caplog: pytest.LogCaptureFixture
) -> None:
    zoo.data.write_text("no folder", encoding="utf-8")
    assert first(zoo.search(), "kitty") == "cat"
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "CCGRAPH_DATA" in record.getMessage()


def test_a_full_disk_is_no_failure(zoo: Zoo) -> None:
    """The system refuses to write more than so much, as a full disk does."""
    command = [sys.executable, "-m", "service", "search", "kitty", "--json"]
    ended = subprocess.run(
        [*command, "--graph", zoo.file, "--data", zoo.data],
        cwd=HERE.parents[1],
        env={"CCGRAPH_ENCODER": "ngram", "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
        capture_output=True,
        text=True,
    )
    assert json.loads(ended.stdout)["hits"][0]["label"] == "cat"
    assert "CCGRAPH_DATA" in ended.stderr and "Traceback" not in ended.stderr
    assert not [each for each in zoo.data.rglob("*") if each.is_file() and each.name != ".lock"]


def test_it_is_prepared_with_progress_and_only_once(zoo: Zoo) -> None:
    steps: list[str] = []
    told: list[tuple[int, int]] = []
    for _ in range(2):
        prepare(zoo.settings(store="disk"), steps.append, lambda *at: told.append(at))
    assert ["store" in each for each in steps] == [True, False]
    assert told[-1][0] == told[-1][1] > 5


def test_a_store_that_is_held_is_not_taken_away(zoo: Zoo) -> None:
    def opened() -> Graph:
        return open_on_disk(zoo.file, zoo.data / STORES, Names())

    def kept() -> set[str]:
        return {seal.parent.name for seal in zoo.data.glob(f"{STORES}/*/store.json")}

    first = opened()
    zoo.add("okapi")
    second = opened()
    assert kept() == {first.version, second.version}
    assert first.rows("SELECT ?s { ?s ?p ?o }")
    gone = first.version
    del first
    zoo.add("yak")
    third = opened()
    assert kept() == {second.version, third.version}
    assert gone not in kept()
