"""Which language the furniture of a page is in: what the address says, else Accept-Language.

The choice is kept in the address (`?lang=en`), so that a link shows others what one saw; there
are no cookies. What the documents say is in Japanese whatever the page speaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request

#: what pages speak, the default first
LANGUAGES: Final = ("ja", "en")
#: the parameter of an address
PARAMETER: Final = "lang"


@dataclass(frozen=True)
class Voice:
    """The language of a page; `pinned` where its address says so.

    `query` are the parameters of the address, which the switch to another language keeps.
    """

    language: str = LANGUAGES[0]
    pinned: bool = False
    query: tuple[tuple[str, str], ...] = ()

    def say(self, ja: str, en: str) -> str:
        """What is said in both languages, in this one."""
        return en if self.language == "en" else ja

    def switch(self, language: str) -> str:
        """The address of the same page in another language, relative to it.

        >>> Voice(query=(("q", "研修"), ("lang", "ja"))).switch("en")
        '?q=%E7%A0%94%E4%BF%AE&lang=en'
        """
        kept = [(name, value) for name, value in self.query if name != PARAMETER]
        return "?" + urlencode([*kept, (PARAMETER, language)])


def voice_of(request: Request) -> Voice:
    """The voice that a request asks for."""
    query = tuple(request.query_params.multi_items())
    said = request.query_params.get(PARAMETER, "").lower().partition("-")[0]
    if said in LANGUAGES:
        return Voice(said, True, query)
    return Voice(preferred(request.headers.get("accept-language")), False, query)


def preferred(accept: str | None, languages: Sequence[str] = LANGUAGES) -> str:
    """The language that an Accept-Language header likes best; the first of ours if none fits.

    A range fits by its primary subtag (RFC 4647, section 3.4), `*` fits the first not refused.

    >>> preferred("en-GB,en;q=0.9,ja;q=0.8"), preferred("fr"), preferred("ja;q=0, *")
    ('en', 'ja', 'en')
    """
    weights: dict[str, float] = {}
    for part in (accept or "").split(","):
        tag, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights[tag.partition("-")[0]] = max(
            _weight(parameters), weights.get(tag.partition("-")[0], 0.0)
        )
    liked = {each: weights.get(each, weights.get("*", 0.0)) for each in languages}
    best = max(languages, key=lambda each: liked[each])
    return best if liked[best] > 0 else languages[0]


def _weight(parameters: Sequence[str]) -> float:
    found = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    try:
        return min(max(float(found), 0.0), 1.0)
    except ValueError:
        return 0.0
