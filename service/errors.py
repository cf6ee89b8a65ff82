"""What a client is told when a request cannot be answered: problem details (RFC 9457).

A `Problem` carries its status, a slug that names its type, and a sentence in Japanese and in
English that says what to do; `service.http.problems` turns it into an answer.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from service.http.languages import Voice

#: the type of a problem is this and its slug (RFC 4151)
TYPE: Final = "tag:w3id.org,2026:ccgraph:problem:"


class Problem(Exception):  # noqa: N818 -- the name of RFC 9457
    """A request that cannot be answered, and the sentence that says so.

    `members` are further members of the problem document, such as `line` and `column`.
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    ja_title: ClassVar[str] = "内部の誤り"
    en_title: ClassVar[str] = "Internal error"

    def __init__(
        self, ja: str, en: str, *, headers: Mapping[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(f"{ja} / {en}")
        self.ja = ja
        self.en = en
        self.headers = dict(headers or {})
        self.members = members

    @property
    def title(self) -> str:
        """The kind of problem, in Japanese and English."""
        return f"{self.ja_title} / {self.en_title}"

    def spoken(self, voice: Voice) -> dict[str, object]:
        """The texts of the document in one language, for people who read a page in it."""
        title = voice.say(self.ja_title, self.en_title)
        return {"title": title, "detail": voice.say(self.ja, self.en)}

    def document(self) -> dict[str, object]:
        """The members of application/problem+json, its texts in Japanese and English."""
        return {
            "type": TYPE + self.slug,
            "title": self.title,
            "status": self.status,
            "detail": str(self),
            **self.members,
        }


class BadRequest(Problem):
    """A parameter is missing, doubled or out of range."""

    status, slug = 400, "bad-request"
    ja_title, en_title = "要求の誤り", "Bad request"


class QuerySyntax(BadRequest):
    """A query that is not SPARQL; members `line`, `column`, `token`."""

    slug = "query-syntax"
    ja_title, en_title = "問い合わせの文法の誤り", "Query syntax error"


class Unauthorized(Problem):
    """A key that is not ours; without a key the service is open."""

    status, slug = 401, "unauthorized"
    ja_title, en_title = "鍵の誤り", "Unauthorized"


class Forbidden(Problem):
    """The service only reads what it has loaded."""

    status, slug = 403, "forbidden"
    ja_title, en_title = "許されない操作", "Forbidden"


class NotFound(Problem):
    """Nothing has this name."""

    status, slug = 404, "not-found"
    ja_title, en_title = "見つかりません", "Not found"


class NoSearch(NotFound):
    """The service runs without a search (`CCGRAPH_ENCODER=none`)."""

    slug = "no-search"

    def __init__(self) -> None:
        super().__init__(
            "このサービスは検索なしで動いています。SPARQL と URI は使えます。",
            "This service runs without a search; SPARQL and the URIs are there.",
        )


class MethodNotAllowed(Problem):
    """The path has other methods; they are in the Allow header."""

    status, slug = 405, "method-not-allowed"
    ja_title, en_title = "使えないメソッド", "Method not allowed"


class NotAcceptable(Problem):
    """No representation that the client accepts; member `offers`."""

    status, slug = 406, "not-acceptable"
    ja_title, en_title = "その形式では返せません", "Not acceptable"


class TooSlow(Problem):
    """A request that did not arrive whole in time."""

    status, slug = 408, "too-slow"
    ja_title, en_title = "要求が遅すぎます", "Request timeout"


class TooLarge(Problem):
    """A request or an answer over a cap; members `cap`, `limit`."""

    status, slug = 413, "too-large"
    ja_title, en_title = "大きすぎます", "Too large"


class AddressTooLong(Problem):
    """A request's address over its cap; members `cap`, `limit`."""

    status, slug = 414, "address-too-long"
    ja_title, en_title = "アドレスが長すぎます", "Address too long"


class UnsupportedMediaType(Problem):
    """A request body of a type that is not understood."""

    status, slug = 415, "unsupported-media-type"
    ja_title, en_title = "扱えない本文の形式", "Unsupported media type"


class RangeNotSatisfiable(Problem):
    """A part of a file that lies behind its end; the Content-Range header says how long it is."""

    status, slug = 416, "range-not-satisfiable"
    ja_title, en_title = "その範囲はありません", "Range not satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(
            f"ファイルは {size:,} バイトです。その中の範囲を指定してください。",
            f"The file has {size:,} bytes; ask for a part of them.",
            headers={"Content-Range": f"bytes */{size}"},
        )


class Misdirected(Problem):
    """The request names a host that this service does not answer to."""

    status, slug = 421, "misdirected"
    ja_title, en_title = "宛先の誤り", "Misdirected request"


class TooManyRequests(Problem):
    """A client over its limit; `Retry-After` says when to go on. Members `limit`, `window`."""

    status, slug = 429, "too-many-requests"
    ja_title, en_title = "要求が多すぎます", "Too many requests"


class Unavailable(Problem):
    """Not now: out of time or memory, or not ready; `Retry-After` says when to try again."""

    status, slug = 503, "unavailable"
    ja_title, en_title = "いまは答えられません", "Unavailable"

    def __init__(self, ja: str, en: str, *, retry_after: int = 5, **members: object) -> None:
        super().__init__(ja, en, headers={"Retry-After": str(retry_after)}, **members)


class Stopping(Unavailable):
    """The service ends, and with it what it was doing."""

    def __init__(self) -> None:
        super().__init__(
            "サーバーを止めるところです。少し待ってからもう一度送ってください。",
            "The server is stopping; try again in a few seconds.",
        )


class OtherStatus(Problem):
    """A status that the framework raised."""

    slug = "http"
    ja_title, en_title = "要求に答えられません", "Request failed"

    def __init__(self, code: int, ja: str, en: str, headers: Mapping[str, str] | None) -> None:
        super().__init__(ja, en, headers=headers)
        self.code = code

    def document(self) -> dict[str, object]:
        """The members of application/problem+json."""
        return {**super().document(), "status": self.code}
