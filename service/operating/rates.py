"""How many requests a client may send, and which keys raise that.

Windows are fixed (so many from the first request on), counted in memory, or in a file that all
server processes share.
"""

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from pathlib import Path
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from service.errors import TooManyRequests, Unauthorized
from service.settings import Settings
from service.values import key_rates

#: how often what has run out is cleared away, in requests
_SWEEP: Final = 1000
#: clients whose network is remembered
_KNOWN: Final = 4096
#: an IPv6 client commonly holds a whole network of this size
_IPV6_PREFIX: Final = 64
_TABLE: Final = "CREATE TABLE IF NOT EXISTS hits (key TEXT PRIMARY KEY, count INT, until REAL)"
_HIT: Final = """
INSERT INTO hits VALUES (:key, :amount, :now + :expiry) ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN until <= :now THEN :amount ELSE count + :amount END,
  until = CASE WHEN until <= :now THEN :now + :expiry ELSE until END
RETURNING count"""


class Counts(Storage):
    """A storage of the library `limits` that processes can share: one small SQLite table."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        place = ":memory:" if folder is None else folder / "rates.sqlite"
        self._base = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute("PRAGMA journal_mode = MEMORY")
        self._base.execute(_TABLE)
        self._hits = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the storage may raise."""
        return sqlite3.Error

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count and return the number in the window of `expiry` seconds."""
        self._hits += 1
        if self._hits % _SWEEP == 0:
            self._base.execute("DELETE FROM hits WHERE until <= ?", (time.time(),))
        told = {"key": key, "amount": amount, "expiry": expiry, "now": time.time()}
        (count,) = self._base.execute(_HIT, told).fetchone()
        return int(count)

    def get(self, key: str) -> int:
        """The number in the window."""
        return int(self._row(key)[0])

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since 1970."""
        return float(self._row(key)[1])

    def check(self) -> bool:
        """Whether the storage can be used."""
        return True

    def reset(self) -> int | None:
        """Forget everything."""
        return self._base.execute("DELETE FROM hits").rowcount

    def clear(self, key: str) -> None:
        """Forget a key."""
        self._base.execute("DELETE FROM hits WHERE key = ?", (key,))

    def _row(self, key: str) -> tuple[int, float]:
        now = time.time()
        query = "SELECT count, until FROM hits WHERE key = ? AND until > ?"
        found: tuple[int, float] | None = self._base.execute(query, (key, now)).fetchone()
        return found or (0, now)


@dataclass(frozen=True)
class Client:
    """Who asks: the name requests are counted under, and the limit, `None` for none."""

    name: str
    limit: RateLimitItem | None


class Gate:
    """Lets a request pass, or says why not."""

    def __init__(self, settings: Settings, folder: Path | None) -> None:
        self._limit = parse(settings.rate_limit) if settings.rate_limit else None
        self._keys = {
            _digest(key): Client(f"key {_digest(key)}", parse(rated) if rated else None)
            for key, rated in (key_rates(settings.api_keys) if settings.api_keys else ())
        }
        self._window = FixedWindowRateLimiter(Counts(folder))

    def admit(self, address: str, headers: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        """The headers that tell a client of its limit.

        Raises `TooManyRequests`, and `Unauthorized` on a key that is not ours.
        """
        key = _key(headers) if self._keys else None
        client = Client(network_of(address), self._limit)
        known = self._keys.get(_digest(key)) if key is not None else None
        told = self._counted(known or client)
        if key is not None and known is None:
            raise _wrong_key()
        return told

    def _counted(self, client: Client) -> list[tuple[bytes, bytes]]:
        if client.limit is None:
            return []
        passes = self._window.hit(client.limit, client.name)
        stats = self._window.get_window_stats(client.limit, client.name)
        wait = max(1, ceil(stats.reset_time - time.time()))
        told = _told(client.limit, stats.remaining, wait)
        if not passes:
            raise _too_many(client.limit, wait, told)
        return [(name.lower().encode(), value.encode()) for name, value in told.items()]


@lru_cache(maxsize=_KNOWN)
def network_of(address: str) -> str:
    """What a client is counted under: its IPv4 address, or the network of its IPv6 address.

    >>> network_of("192.0.2.1"), network_of("2001:db8::1:2:3:4")
    ('192.0.2.1', '2001:db8::/64')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(ip_network((found, _IPV6_PREFIX), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)


def _key(headers: Mapping[bytes, bytes]) -> bytes | None:
    """The key of a request; another kind of Authorization is none of our business."""
    if given := headers.get(b"x-api-key"):
        return given
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else None


def _digest(key: str | bytes) -> str:
    """Keys are compared by digest, so that the time it takes tells nothing of them."""
    return sha256(key.encode() if isinstance(key, str) else key).hexdigest()[:32]


def _told(limit: RateLimitItem, remaining: int, wait: int) -> dict[str, str]:
    return {
        "RateLimit-Policy": f"{limit.amount};w={limit.get_expiry()}",
        "RateLimit-Limit": str(limit.amount),
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(wait),
    }


def _too_many(limit: RateLimitItem, wait: int, told: Mapping[str, str]) -> TooManyRequests:
    return TooManyRequests(
        f"要求が多すぎます（{limit.get_expiry()} 秒に {limit.amount} 回まで）。"
        f"{wait} 秒待ってからもう一度送ってください。",
        f"Too many requests ({limit.amount} in {limit.get_expiry()} s); try again in {wait} s.",
        headers={**told, "Retry-After": str(wait)},
        limit=limit.amount,
        window=limit.get_expiry(),
    )


def _wrong_key() -> Unauthorized:
    return Unauthorized(
        "この鍵は知りません。鍵を見直すか、鍵なしで送ってください。",
        "This key is unknown; check it, or send none.",
        headers={"WWW-Authenticate": 'Bearer realm="ccgraph", error="invalid_token"'},
    )
