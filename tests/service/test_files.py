"""Long answers: files that are whole before they are sent, made once, in memory never whole."""

import asyncio
import gzip
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode, RdfFormat, parse
from rdflib import Dataset, Graph, URIRef

from ontology.terms import Names
from service.errors import NotFound, Unavailable
from service.graph.disk import open_on_disk
from service.graph.jsonld import LONG
from service.graph.xml_text import UnwritableError, WellFormed, well_formed
from service.http.workshop import Target, Workshop
from tests.service.conftest import serving, state_of

#: rdflib's own parser of TriG uses what rdflib deprecates
pytestmark = pytest.mark.filterwarnings(
    "ignore:(Dataset.default_context|ConjunctiveGraph):DeprecationWarning"
)

NAMES = Names()
PROPOSALS = NAMES.graph("proposals")
ENDINGS = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "trig": "trig", "nq": "nquads"}
LARGE = 12_000
IDENTITY = {"Accept-Encoding": "identity"}


def serving_on_disk(path: Path, folder: Path) -> AbstractContextManager[str]:
    state = state_of(path, query_workers=1, data=folder)
    return serving(replace(state, graph=open_on_disk(path, folder / "stores", NAMES)))


@pytest.fixture(scope="module", params=["memory", "disk"])
def place(
    request: pytest.FixtureRequest,
    graph_path: Path,
    root: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    if request.param == "memory":
        yield root
    else:
        with serving_on_disk(graph_path, tmp_path_factory.mktemp("data")) as found:
            yield found


@pytest.fixture(scope="module")
def said(graph_path: Path) -> Dataset:
    return Dataset(default_union=True).parse(data=graph_path.read_text("utf-8"), format="trig")


class TestDumps:
    """What a dump says is what another library reads from the graph."""

    @pytest.mark.parametrize("ending", ["ttl", "nt", "rdf"])
    def test_all_triples_but_proposals(self, place: str, said: Dataset, ending: str) -> None:
        wanted = {
            (s, p, o)
            for s, p, o, graph in said.quads()
            if str(getattr(graph, "identifier", graph)) != PROPOSALS
        }
        assert self.read(f"{place}dump/all.{ending}") == wanted

    @pytest.mark.parametrize("ending", ["ttl", "nt", "rdf"])
    def test_one_graph(self, place: str, said: Dataset, ending: str) -> None:
        wanted = set(said.graph(NAMES.graph("cmbok2")))
        assert self.read(f"{place}dump/cmbok2.{ending}") == wanted

    @pytest.mark.parametrize("ending", ["trig", "nq", "jsonld"])
    def test_all_quads(self, place: str, graph_path: Path, ending: str) -> None:
        form = RdfFormat.from_extension(ending)
        found = httpx.get(f"{place}dump/all.{ending}").content
        said = {each for each in parse(found, form) if each.subject != NamedNode(NAMES.base)}
        assert said == set(parse(path=graph_path))

    @pytest.mark.parametrize("ending", [*ENDINGS, "jsonld"])
    def test_compressed(self, place: str, ending: str) -> None:
        packed = httpx.get(f"{place}dump/all.{ending}.gz")
        assert packed.headers["content-type"] == "application/gzip"
        assert gzip.decompress(packed.content) == httpx.get(f"{place}dump/all.{ending}").content

    def read(self, address: str) -> set[object]:
        """The statements of a dump but those about itself."""
        form = ENDINGS[address.rpartition(".")[2]]
        found = Graph().parse(data=httpx.get(address).content, format=form)
        return {triple for triple in found if triple[0] != URIRef(NAMES.base)}


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("long")
    path = folder / "long.nq"
    graph = NAMES.graph("long")
    lines = (
        f"<{NAMES.entity(f'x.{n}')}> <http://www.w3.org/2004/02/skos/core#{name}> "
        f'"項目 {n} の名称です"@ja <{graph}> .\n'
        for n in range(LARGE)
        for name in ("prefLabel", "altLabel")
    )
    path.write_text("".join(lines), encoding="utf-8")
    with serving_on_disk(path, folder) as found:
        yield found + "dump/all.nq"


class TestLong:
    """A file that is sent in pieces."""

    def test_head_says_what_get_does(self, long: str) -> None:
        for headers in (IDENTITY, {"Accept-Encoding": "gzip"}):
            head, get = httpx.head(long, headers=headers), httpx.get(long, headers=headers)
            for name in ("etag", "content-type", "content-length", "content-encoding", "vary"):
                assert head.headers.get(name) == get.headers.get(name)
            assert not head.content
        assert int(httpx.head(long, headers=IDENTITY).headers["content-length"]) > 2**20

    def test_compressed_on_the_way_it_is_the_same(self, long: str) -> None:
        plain, packed = (
            httpx.get(long, headers={"Accept-Encoding": each}) for each in ("identity", "gzip")
        )
        assert packed.headers["content-encoding"] == "gzip"
        assert plain.content == packed.content
        assert plain.headers["etag"] != packed.headers["etag"]
        assert not plain.headers["etag"].startswith("W/")

    @pytest.mark.parametrize("coding", ["identity", "gzip"])
    def test_who_has_it_needs_no_other(self, long: str, coding: str) -> None:
        held = httpx.get(long, headers={"Accept-Encoding": coding}).headers["etag"]
        again = httpx.get(long, headers={"Accept-Encoding": coding, "If-None-Match": held})
        assert (again.status_code, again.headers["etag"]) == (304, held)

    def test_parts_make_the_whole(self, long: str) -> None:
        whole = httpx.get(long, headers=IDENTITY)
        half = len(whole.content) // 2
        parts = [
            httpx.get(long, headers={**IDENTITY, "Range": f"bytes={part}"})
            for part in (f"0-{half - 1}", f"{half}-")
        ]
        assert [each.status_code for each in parts] == [206, 206]
        assert parts[0].content + parts[1].content == whole.content
        size = len(whole.content)
        assert parts[1].headers["content-range"] == f"bytes {half}-{size - 1}/{size}"
        assert parts[1].headers["etag"] == whole.headers["etag"]
        last = httpx.get(long, headers={**IDENTITY, "Range": "bytes=-10"})
        assert last.content == whole.content[-10:]

    def test_the_rest_of_something_else_is_the_whole(self, long: str) -> None:
        headers = {**IDENTITY, "Range": "bytes=10-", "If-Range": '"another"'}
        assert httpx.get(long, headers=headers).status_code == 200

    @pytest.mark.parametrize("part", ["bytes=5-2", "bytes=a-b", "bytes=-", "lines=1-2"])
    def test_what_is_no_range_is_passed_over(self, long: str, part: str) -> None:
        assert httpx.get(long, headers={**IDENTITY, "Range": part}).status_code == 200

    @pytest.mark.parametrize("part", ["bytes=999999999-", "bytes=-0"])
    def test_a_part_behind_the_end(self, long: str, part: str) -> None:
        refused = httpx.get(long, headers={**IDENTITY, "Range": part})
        assert refused.status_code == 416
        assert refused.headers["content-range"].startswith("bytes */")
        assert "バイト" in refused.json()["detail"]

    @pytest.mark.parametrize("kind", ["text/turtle", "application/ld+json"])
    def test_a_large_graph_under_its_own_name(self, long: str, kind: str) -> None:
        address = long.replace("dump/all.nq", "graph/long")
        found = httpx.get(address, headers={"Accept": kind})
        triples = {each.triple for each in parse(found.content, RdfFormat.from_media_type(kind))}
        assert len(triples) == 2 * LARGE > LONG
        held = {"Accept": kind, "If-None-Match": found.headers["etag"]}
        assert httpx.get(address, headers=held).status_code == 304


class TestWorkshop:
    """Made once, kept while there is room, never half."""

    def make(self, times: list[str], name: str = "a", size: int = 10) -> Callable[[Target], None]:
        def write(target: Target) -> None:
            times.append(name)
            for _ in range(size):
                target.write(name.encode())

        return write

    def test_those_who_ask_at_once_get_one(self, tmp_path: Path) -> None:
        times: list[str] = []

        def made() -> str:
            times.append("b")
            return "made"

        async def ask() -> None:
            shop = Workshop(tmp_path, 100)
            files = await asyncio.gather(*(shop.file("a", self.make(times)) for _ in range(5)))
            values = await asyncio.gather(*(shop.value("b", made) for _ in range(5)))
            assert {each.read(0, each.size) for each in files} == {b"a" * 10}
            assert set(values) == {"made"}
            await shop.file("a", self.make(times))
            assert await shop.value("b", lambda: "other") == "made"

        asyncio.run(ask())
        assert sorted(times) == ["a", "b"]
        assert not list(tmp_path.iterdir())  # the file has no name

    def test_what_was_asked_for_longest_ago_makes_room(self, tmp_path: Path) -> None:
        times: list[str] = []

        async def ask() -> None:
            shop = Workshop(tmp_path, 25)
            for name in "abacab":
                await shop.file(name, self.make(times, name))

        asyncio.run(ask())
        assert "".join(times) == "abcb"

    def test_what_has_no_room_is_still_sent(self, tmp_path: Path) -> None:
        async def ask() -> bytes:
            shop = Workshop(tmp_path, 0)
            found = await shop.file("a", self.make([]))
            await shop.file("b", self.make([], "b"))
            return found.read(2, found.size)

        assert asyncio.run(ask()) == b"a" * 8

    def test_an_error_is_told_to_all_and_not_kept(self, tmp_path: Path) -> None:
        def fail(target: Target) -> None:
            target.write(b"half")
            raise NotFound("ない", "none")

        async def ask() -> None:
            shop = Workshop(tmp_path, 100)
            told = await asyncio.gather(
                *(shop.file("a", fail) for _ in range(3)), return_exceptions=True
            )
            assert [type(each) for each in told] == [NotFound] * 3
            whole = await shop.file("a", self.make([]))
            assert whole.read(0, whole.size) == b"a" * 10

        asyncio.run(ask())

    def test_who_leaves_does_not_end_it_for_others(self, tmp_path: Path) -> None:
        times: list[str] = []

        async def ask() -> None:
            shop = Workshop(tmp_path, 100)
            one, other = (asyncio.create_task(shop.file("a", self.make(times))) for _ in range(2))
            await asyncio.sleep(0)
            one.cancel()
            assert (await other).size == 10

        asyncio.run(ask())
        assert times == ["a"]

    def test_it_says_where_it_cannot_write(self, tmp_path: Path) -> None:
        shop = Workshop(tmp_path / "none", 100)
        with pytest.raises(Unavailable, match="データのフォルダー"):
            asyncio.run(self.asked(shop))

    def test_the_end_of_the_service_ends_it(self, tmp_path: Path) -> None:
        shop = Workshop(tmp_path, 100)
        shop.stop()
        with pytest.raises(Unavailable, match="stopping"):
            asyncio.run(self.asked(shop))

    async def asked(self, shop: Workshop) -> None:
        await shop.file("a", self.make([]))


XML = (
    b"<a>", b"\r\n", b"\x01", "\ufffe".encode(), b'<oxprefix: xmlns:oxprefix="', b"http://x",
    b'"', b"x" * 40,
)  # fmt: skip
PIECES = st.lists(st.sampled_from(XML))


@given(PIECES, st.integers(1, 9))
def test_xml_in_pieces_is_xml_at_once(pieces: list[bytes], size: int) -> None:
    """Wherever it is cut: the same bytes, or the same refusal."""
    body = b"".join(pieces)
    out = io.BytesIO()
    try:
        whole: object = well_formed(body)
    except UnwritableError:
        whole = UnwritableError
    try:
        checked = WellFormed(out)
        for start in range(0, len(body), size):
            checked.write(body[start : start + size])
        checked.finish()
        found: object = out.getvalue()
    except UnwritableError:
        found = UnwritableError
    assert found == whole
