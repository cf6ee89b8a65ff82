"""Requests as tools type them and as nobody should, over a real connection."""

import asyncio
import json

import httpx
import pytest

from service.app import create_app
from service.http.lenient import MAX_HEAD, LenientProtocol
from service.state import State
from tests.servers import listening


def test_an_address_as_typed(root: str) -> None:
    """curl sends Japanese as it stands, in pieces if the line is long."""
    address = httpx.URL(root)
    parts = [b"GET /code/\xef\xbc\xa8", b"\xef\xbc\xb2\xef\xbc\x95 HTTP/1.1\r\nHost: x\r\n\r\n"]
    assert asyncio.run(_typed(address, parts)).startswith(b"HTTP/1.1 30")
    query = "ASK{?s ?p 'コーチング'@ja}".replace(" ", "%20").encode()
    line = b"GET /sparql?query=" + query + b" HTTP/1.1\r\nHost: x\r\nX-A: \xe3\x81\x82\r\n\r\n"
    answers = asyncio.run(_typed(address, [line[:30], line[30:90], line[90:], line]))
    assert answers.count(b'"boolean":true') == 2


def test_addresses_as_typed_that_come_at_once(root: str) -> None:
    """Each has its own first line; what looks like one within a body stays as it is."""
    address, tail = httpx.URL(root), b" HTTP/1.1\r\nHost: x\r\n\r\n"
    query = "ASK{?s ?p 'コーチング'@ja}".replace(" ", "%20").encode()
    plain, typed = (b"GET /sparql?query=" + each + tail for each in (b"ASK{}", query))
    answers = asyncio.run(_typed(address, [plain + typed + typed + plain]))
    assert answers.count(b"HTTP/1.1 200 ") == answers.count(b'"boolean":true') == 4
    body = b"ASK {} #\r\n\r\n#" + typed.rstrip()
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    answers = asyncio.run(_typed(address, [plain + head + body + plain], 3))
    assert answers.count(b"HTTP/1.1 ") == 3


async def _typed(address: httpx.URL, parts: list[bytes], expected: int = 0) -> bytes:
    """Send pieces on one connection, read answers until there is a whole one for each request.

    Where it is not said how many there are, heads are counted.
    """
    reader, writer = await asyncio.open_connection(address.host, address.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.02)
    heard, expected = b"", expected or b"".join(parts).count(b"\r\n\r\n")
    while heard.count(b"\r\nserver-timing") < expected or not heard.endswith((b"}", b"\n\r\n")):
        heard += await asyncio.wait_for(reader.read(65536), 10)
    writer.close()
    await writer.wait_closed()
    return heard


@pytest.mark.parametrize(
    ("status", "endless"),
    [(414, b"GET /sparql?query="), (431, b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ")],
)
def test_an_endless_head_is_refused(root: str, status: int, endless: bytes) -> None:
    heard = asyncio.run(_endless(httpx.URL(root), endless))
    head, _, body = heard.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/problem+json" in head
    problem = json.loads(body)
    assert (problem["status"], problem["limit"]) == (status, MAX_HEAD)
    assert httpx.get(root + "health/live").status_code == 200


async def _endless(address: httpx.URL, start: bytes) -> bytes:
    """Begin a request, never end it, and hear what the server says before it hangs up."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(start + b"x" * (MAX_HEAD + 1))
    await writer.drain()
    heard = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return heard


def test_a_large_body_is_no_large_head(root: str) -> None:
    headers = {"Content-Type": "application/sparql-query"}
    query = "ASK {} #" + "x" * (2 * MAX_HEAD)
    assert httpx.post(root + "sparql", content=query, headers=headers).status_code == 200


def test_a_refusal_is_heard_by_a_client_that_is_still_sending(root: str) -> None:
    """A connection that is closed on unread bytes is reset, and the answer is lost with it."""
    heard = asyncio.run(_sending(httpx.URL(root), b"ASK {} #" + b"x" * (4 * 2**20)))
    head, _, body = heard.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert json.loads(body)["cap"] == "body"


async def _sending(address: httpx.URL, body: bytes) -> bytes:
    """Send all of a body that is too large before looking whether the server says anything."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: application/sparql-query\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    for start in range(0, len(body), 2**18):
        writer.write(body[start : start + 2**18])
        await writer.drain()
        await asyncio.sleep(0.005)
    heard = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    await writer.wait_closed()
    return heard


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\r\n\r\n",
        b"FOO /sparql HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_http_gets_a_problem_document(root: str, garbage: bytes) -> None:
    head, _, body = asyncio.run(_said(httpx.URL(root), garbage)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    assert "well-formed" in json.loads(body)["detail"]


def test_an_address_too_long_for_the_parser_is_too_long(root: str) -> None:
    request = b"GET /" + b"x" * MAX_HEAD + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    assert asyncio.run(_said(httpx.URL(root), request)).startswith(b"HTTP/1.1 414 ")


async def _said(address: httpx.URL, request: bytes) -> bytes:
    """All that the server says to these bytes before it hangs up."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(request)
    await writer.drain()
    heard = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    await writer.wait_closed()
    return heard


class Hasty(LenientProtocol):
    """The protocol that soon gives up."""

    patience = 0.3


QUERY = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"


@pytest.mark.parametrize(
    "begun",
    [b"GET /spar", b"GET / HTTP/1.1\r\nHost: x\r\n", QUERY + b"Content-Length: 9\r\n\r\nASK"],
)
def test_a_request_that_never_arrives_is_given_up(state: State, begun: bytes) -> None:
    with listening(lambda _: create_app(state), protocol=Hasty) as root:
        head, _, body = asyncio.run(_said(httpx.URL(root), begun)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["status"] == 408


def test_who_says_nothing_is_left(state: State) -> None:
    with listening(lambda _: create_app(state), protocol=Hasty) as root:
        assert asyncio.run(_said(httpx.URL(root), b"")) == b""


def test_answers_may_take_longer_than_requests(state: State) -> None:
    """A client that waits for its answer, or sends the next request meanwhile, is not late."""
    slow = b"SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
    url = b"/sparql?timeout=1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    whole = b"POST " + url + b"Content-Length: %d\r\n\r\n%b" % (len(slow), slow)
    with listening(lambda _: create_app(state), protocol=Hasty) as root:
        heard = asyncio.run(_said(httpx.URL(root), whole + b"GET /health/li"))
    assert heard.startswith(b"HTTP/1.1 503 ")
    assert heard.count(b"HTTP/1.1 408 ") == 1


def test_options_of_the_whole_server(root: str) -> None:
    heard = asyncio.run(_asterisk(httpx.URL(root)))
    assert heard.startswith(b"HTTP/1.1 204 ")
    assert b"\r\nallow: GET, HEAD, POST, OPTIONS, QUERY\r\n" in heard


async def _asterisk(address: httpx.URL) -> bytes:
    """Ask what the server can do, not what a resource can (RFC 9110, section 9.3.7)."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    heard = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return heard
