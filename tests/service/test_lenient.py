"""Requests as tools type them and as nobody should, over a real connection."""

import asyncio
import json

import httpx
import pytest

from service.http.lenient import MAX_HEAD


def test_an_address_as_typed(root: str) -> None:
    """curl sends Japanese as it stands, in pieces if the line is long."""
    address = httpx.URL(root)
    parts = [b"GET /code/\xef\xbc\xa8", b"\xef\xbc\xb2\xef\xbc\x95 HTTP/1.1\r\nHost: x\r\n\r\n"]
    assert asyncio.run(_typed(address, parts)).startswith(b"HTTP/1.1 30")
    query = "ASK{?s ?p 'コーチング'@ja}".replace(" ", "%20").encode()
    line = b"GET /sparql?query=" + query + b" HTTP/1.1\r\nHost: x\r\nX-A: \xe3\x81\x82\r\n\r\n"
    answers = asyncio.run(_typed(address, [line[:30], line[30:90], line[90:], line]))
    assert answers.count(b'"boolean":true') == 2


async def _typed(address: httpx.URL, parts: list[bytes]) -> bytes:
    """Send pieces on one connection, read answers until there is a whole one for each request."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.02)
    heard, expected = b"", b"".join(parts).count(b"\r\n\r\n")
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
