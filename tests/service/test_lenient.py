"""Requests as tools type them and as nobody should, over a real connection."""

import asyncio
import json
import re
import socket
import time

import httpx
import pytest

from service.app import create_app
from service.http.lenient import LenientProtocol
from service.http.refusals import MAX_HEAD
from service.state import State
from tests.servers import listening

#: far longer than anything here takes, in seconds
PATIENCE = 120.0
QUERY = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"


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
        await asyncio.sleep(0.02)  # most likely they come apart
    heard, expected = b"", expected or b"".join(parts).count(b"\r\n\r\n")
    while heard.count(b"\r\nserver-timing") < expected or not heard.endswith((b"}", b"\n\r\n")):
        piece = await asyncio.wait_for(reader.read(65536), PATIENCE)
        assert piece, heard
        heard += piece
    writer.close()
    await writer.wait_closed()
    return heard


def said(root: str, request: bytes) -> bytes:
    """All that the server says to these bytes before it hangs up."""
    with socket.create_connection(_place(root), PATIENCE) as line:
        line.sendall(request)
        return _heard(line)


def _place(root: str) -> tuple[str, int | None]:
    return httpx.URL(root).host, httpx.URL(root).port


def _heard(line: socket.socket) -> bytes:
    return b"".join(iter(lambda: line.recv(65536), b""))


@pytest.mark.parametrize(
    ("status", "endless"),
    [(414, b"GET /sparql?query="), (431, b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ")],
)
def test_an_endless_head_is_refused(root: str, status: int, endless: bytes) -> None:
    head, _, body = said(root, endless + b"x" * (MAX_HEAD + 1)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/problem+json" in head
    problem = json.loads(body)
    assert (problem["status"], problem["limit"]) == (status, MAX_HEAD)
    assert httpx.get(root + "health/live").status_code == 200


def test_a_large_body_is_no_large_head(root: str) -> None:
    headers = {"Content-Type": "application/sparql-query"}
    query = "ASK {} #" + "x" * (2 * MAX_HEAD)
    assert httpx.post(root + "sparql", content=query, headers=headers).status_code == 200


def test_a_refusal_is_heard_by_a_client_that_is_still_sending(root: str) -> None:
    """A connection that is closed on unread bytes is reset, and the answer is lost with it."""
    head, _, body = sending(root, b"ASK {} #" + b"x" * (4 * 2**20)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert json.loads(body)["cap"] == "body"


def sending(root: str, body: bytes) -> bytes:
    """Send all of a body that is too large before looking whether the server says anything."""
    head = QUERY + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.create_connection(_place(root), PATIENCE) as line:
        line.sendall(head)
        for start in range(0, len(body), 2**18):
            line.sendall(body[start : start + 2**18])
            time.sleep(0.005)  # most likely the server has answered long before the end
        return _heard(line)


GARBAGE = pytest.mark.parametrize(
    "garbage",
    [
        b"hello\r\n\r\n",
        b"FOO /sparql HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)


@GARBAGE
def test_what_is_no_http_gets_a_problem_document(root: str, garbage: bytes) -> None:
    head, _, body = said(root, garbage).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    assert "well-formed" in json.loads(body)["detail"]


@GARBAGE
def test_what_was_asked_before_is_answered_before(root: str, garbage: bytes) -> None:
    asked = [b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in (b"version", b"nope")]
    heard = said(root, b"".join([*asked, garbage]))
    assert re.findall(rb"HTTP/1.1 (\d+)", heard) == [b"200", b"404", b"400"]
    assert b"well-formed" in heard


def test_an_address_too_long_for_the_parser_is_too_long(root: str) -> None:
    request = b"GET /" + b"x" * MAX_HEAD + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    assert said(root, request).startswith(b"HTTP/1.1 414 ")


class Hasty(LenientProtocol):
    """The protocol that soon gives up; what is sent at once is there in time anywhere."""

    patience = 1.0


@pytest.mark.parametrize(
    "begun",
    [b"GET /spar", b"GET / HTTP/1.1\r\nHost: x\r\n", QUERY + b"Content-Length: 9\r\n\r\nASK"],
)
def test_a_request_that_never_arrives_is_given_up(state: State, begun: bytes) -> None:
    with listening(lambda _: create_app(state), protocol=Hasty) as root:
        head, _, body = said(root, begun).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["status"] == 408


def test_who_says_nothing_is_left(state: State) -> None:
    with listening(lambda _: create_app(state), protocol=Hasty) as root:
        assert said(root, b"") == b""


def test_answers_may_take_longer_than_requests(state: State) -> None:
    """A client that waits for its answer, or sends the next request meanwhile, is not late."""
    slow = b"SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
    whole = QUERY.replace(b"sparql ", b"sparql?timeout=3 ", 1)
    whole += b"Content-Length: %d\r\n\r\n%b" % (len(slow), slow)
    with listening(lambda _: create_app(state), protocol=Hasty) as root:
        heard = said(root, whole + b"GET /health/li")
    assert heard.startswith(b"HTTP/1.1 503 ")
    assert heard.count(b"HTTP/1.1 408 ") == 1


def test_options_of_the_whole_server(root: str) -> None:
    """What the server can do, not what a resource can (RFC 9110, section 9.3.7)."""
    heard = said(root, b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 204 ")
    assert b"\r\nallow: GET, HEAD, POST, OPTIONS, QUERY\r\n" in heard
