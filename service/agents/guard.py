"""Who may talk to `/mcp`: against DNS rebinding, by the Host and Origin of a request.

The protocol asks servers to check both. A page elsewhere that makes a browser call a service on
this machine under a name of its own is refused; the addresses a deployment is reached at are let
in without being asked for twice.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from service.errors import Forbidden, Misdirected
from service.settings import Settings

#: the names of this machine
LOCAL: Final = ("127.0.0.1", "localhost", "[::1]")
#: what lets every host in
ANY: Final = "*"
#: addresses that mean: every address of this machine
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", "[::]", ""})
_SETTING: Final = "CCGRAPH_MCP_HOSTS"


@dataclass(frozen=True)
class Guard:
    """The hosts that may be named, without ports; `None` is any."""

    hosts: tuple[str, ...] | None

    def check(self, headers: Headers) -> None:
        """Let a request pass; raises `Misdirected` or `Forbidden`, which say what to set."""
        if self.hosts is None:
            return
        host = headers.get("host", "")
        if bare(host) not in self.hosts:
            raise Misdirected(
                f"/mcp は Host「{host}」では答えません。この名前で公開するなら、"
                f"{_SETTING} に加えるか CCGRAPH_PUBLIC_URL を設定してください。",
                f"/mcp does not answer to the host {host!r}; add it to {_SETTING}"
                " or set CCGRAPH_PUBLIC_URL.",
            )
        origin = headers.get("origin", "")
        if origin and bare(urlsplit(origin).netloc) not in self.hosts:
            raise Forbidden(
                f"/mcp はページ「{origin}」からは使えません。"
                f"許すなら {_SETTING} に加えてください。",
                f"/mcp may not be used from pages of {origin}; add its host to {_SETTING}.",
            )


def guard(settings: Settings) -> Guard:
    """The hosts of a deployment: this machine's, the public one, the address, and those set.

    Any where `CCGRAPH_MCP_HOSTS` is `*`, and where the service listens on every address and
    nothing says what it is called.

    >>> guard(Settings.read({"CCGRAPH_PUBLIC_URL": "https://skills.example/x"})).hosts
    ('127.0.0.1', 'localhost', '[::1]', 'skills.example')
    >>> guard(Settings.read({"CCGRAPH_HOST": "0.0.0.0"})).hosts is None
    True
    """
    public = [urlsplit(settings.public_url).netloc] if settings.public_url else []
    given = [each.strip() for each in settings.mcp_hosts.split(",") if each.strip()]
    unnamed = settings.host in _EVERYWHERE and not public and not given
    if ANY in given or unnamed:
        return Guard(None)
    named = [*public, *given, *({settings.host} - _EVERYWHERE)]
    return Guard(tuple(dict.fromkeys([*LOCAL, *map(bare, named)])))


def bare(host: str) -> str:
    """A host without its port, lower case, an IPv6 address in brackets.

    >>> bare("Skills.example:8443"), bare("[::1]:8000"), bare("::1")
    ('skills.example', '[::1]', '[::1]')
    """
    if host.count(":") > 1 and not host.startswith("["):
        return f"[{host.lower()}]"
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()
