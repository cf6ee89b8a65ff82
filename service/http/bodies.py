"""The bodies of requests: read whole, up to a limit, before anybody begins to work on them."""

from collections.abc import AsyncIterator

from starlette.types import Message, Receive

from service.errors import TooLarge


async def whole(receive: Receive, limit: int) -> bytes:
    """The body that is received; raises `TooLarge` as soon as it exceeds `limit` bytes.

    Raises `ConnectionError` where the client leaves.
    """
    body = bytearray()
    async for piece in _pieces(receive):
        body += piece
        if len(body) > limit:
            raise too_large(limit)
    return bytes(body)


def again(body: bytes, receive: Receive) -> Receive:
    """Receives a body that has been read, and then what comes."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return left.pop() if left else await receive()

    return replay


def too_large(limit: int) -> TooLarge:
    """The problem of a body over `limit` bytes."""
    return TooLarge(
        f"本文が上限の {limit:,} バイトを超えます。",
        f"The request body exceeds {limit:,} bytes.",
        cap="body",
        limit=limit,
    )


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError("the client left")
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return
