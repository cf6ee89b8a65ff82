"""What the page of quality is given: names for people beside the figures."""

from collections.abc import Mapping
from typing import Final

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
#: relations of mappings in Japanese
_RELATIONS: Final[Mapping[str, str]] = {
    "requires": "コンピテンシーを必要とする",
    "atSkillLevel": "スキルレベルに当たる",
    "describes": "コンピテンシーを説明する",
    "isReplacedBy": "新しい版に引き継がれる",
}


def quality_view(quality: Quality, schemes: Mapping[str, str]) -> dict[str, object]:
    """The figures for the template; `schemes` are labels by id."""
    styles = quality.search["report"]["styles"] if quality.search else {}
    return {
        "quality": quality,
        "schemes": schemes,
        "kinds": [(kind_name(name), count) for name, count in quality.counts.items() if count],
        "styles": [(_STYLES.get(name, name), found) for name, found in styles.items()],
        "kind_name": kind_name,
        "relation_name": relation_name,
    }


def relation_name(relation: str, end: bool = False) -> str:
    """What a relation says of the entities at its start, or at its end.

    >>> relation_name("requires", end=True)
    '何かに必要とされる'
    """
    if end and relation == "requires":
        return "何かに必要とされる"
    return _RELATIONS.get(relation, relation)
