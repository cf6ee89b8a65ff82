"""What the page of quality is given: names for people beside the figures."""

from collections.abc import Mapping
from typing import Final

from service.http.languages import Voice
from service.pages.views import kind_name
from service.quality import Quality

#: styles of our judged queries in Japanese
_STYLES: Final[Mapping[str, str]] = {
    "code": "コードを含む",
    "keyword": "短い語",
    "natural": "ふつうの文",
    "noisy": "かな書き・打ち間違い",
    "paraphrase": "言い換え",
    "real": "実際の言葉づかい",
    "situation": "状況の説明",
}
#: relations of mappings in Japanese and English
_RELATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "requires": ("コンピテンシーを必要とする", "requires a competency"),
    "atSkillLevel": ("スキルレベルに当たる", "is at a skill level"),
    "describes": ("コンピテンシーを説明する", "describes a competency"),
    "isReplacedBy": ("新しい版に引き継がれる", "is replaced in a newer version"),
}
_JA: Final = Voice()


def quality_view(
    quality: Quality, schemes: Mapping[str, str], voice: Voice = _JA
) -> dict[str, object]:
    """The figures for the template; `schemes` are labels by id, `voice` says them."""
    styles = quality.search["report"]["styles"] if quality.search else {}
    return {
        "quality": quality,
        "schemes": schemes,
        "kinds": [
            (kind_name(name, voice), count) for name, count in quality.counts.items() if count
        ],
        "styles": [
            (voice.say(_STYLES.get(name, name), name), found) for name, found in styles.items()
        ],
        "kind_name": kind_name,
        "relation_name": relation_name,
    }


def relation_name(relation: str, end: bool = False, voice: Voice = _JA) -> str:
    """What a relation says of the entities at its start, or at its end.

    >>> relation_name("requires", end=True)
    '何かに必要とされる'
    """
    if end and relation == "requires":
        return voice.say("何かに必要とされる", "is required by something")
    return voice.say(*_RELATIONS.get(relation, (relation, relation)))
