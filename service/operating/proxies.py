"""What a proxy in front says of its clients, heard only from proxies that are trusted.

`X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix`: from anybody else they are words of a stranger
and change nothing.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from starlette.types import Scope

_HOST: Final = re.compile(rb"[A-Za-z0-9._\[\]:-]{1,255}")
_WITH_PORT: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+")
_PREFIX: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+")
#: addresses whose standing is remembered
_KNOWN: Final = 4096


class Proxies:
    """The trusted proxies: addresses and networks separated by commas, `*` for everybody."""

    def __init__(self, networks: str) -> None:
        names = networks.split(",")
        self._all = "*" in names
        self._networks = [ip_network(each, strict=False) for each in names if each != "*"]
        self.trusts = lru_cache(maxsize=_KNOWN)(self._trusts)

    def apply(self, scope: Scope) -> None:
        """Give a request the client, scheme, host and prefix that its trusted proxy tells of."""
        client = scope.get("client")
        if client is None or not self.trusts(client[0]):
            return
        said = _forwarded(scope)
        if chain := said.get(b"x-forwarded-for"):
            scope["client"] = (self._origin(chain.decode("latin-1")), 0)
        if (scheme := _last(said, b"x-forwarded-proto").lower()) in (b"http", b"https"):
            scope["scheme"] = scheme.decode()
        if _HOST.fullmatch(host := _last(said, b"x-forwarded-host")):
            others = [pair for pair in scope["headers"] if pair[0] != b"host"]
            scope["headers"] = [(b"host", host), *others]
        prefix = _last(said, b"x-forwarded-prefix").decode("latin-1").rstrip("/")
        if _PREFIX.fullmatch(prefix):
            # not root_path: the proxy has taken the prefix off the path, where that puts it back
            scope["app_root_path"] = prefix

    def _trusts(self, address: str) -> bool:
        if self._all:
            return True
        found = _address(address)
        return found is not None and any(found in each for each in self._networks)

    def _origin(self, chain: str) -> str:
        """The last of the chain that is no proxy of ours; all before it may be made up."""
        hops = [_without_port(each.strip()) for each in chain.split(",") if each.strip()]
        strangers = (hop for hop in reversed(hops) if self._all or not self.trusts(hop))
        first = hops[0] if hops else ""
        return first if self._all else next(strangers, first)


def _forwarded(scope: Scope) -> dict[bytes, bytes]:
    """The forwarding headers; those that stand several times are one list (RFC 9110, 5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name.startswith(b"x-forwarded-"):
            found[name] = found[name] + b"," + value if name in found else value
    return found


def _without_port(hop: str) -> str:
    """The address of a hop, to which some proxies add the client's port.

    >>> _without_port("192.0.2.1:5555"), _without_port("[2001:db8::1]:443")
    ('192.0.2.1', '2001:db8::1')
    >>> _without_port("2001:db8::1")
    '2001:db8::1'
    """
    found = _WITH_PORT.fullmatch(hop)
    return found[1] or found[2] if found else hop


def _last(said: dict[bytes, bytes], name: bytes) -> bytes:
    """What the nearest proxy said: the last of a list."""
    return said.get(name, b"").rpartition(b",")[2].strip()


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
