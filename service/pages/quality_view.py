"""What the page of quality is given: names for people beside the figures."""

from collections.abc import Mapping
from typing import Final

from service.pages.views import kind_name
from service.quality import Quality

#: relations of mappings in Japanese
_RELATIONS: Final[Mapping[str, str]] = {
    "requires": "コンピテンシーを必要とする",
    "atSkillLevel": "スキルレベルに当たる",
    "describes": "コンピテンシーを説明する",
    "isReplacedBy": "新しい版に引き継がれる",
}


def quality_view(quality: Quality, schemes: Mapping[str, str]) -> dict[str, object]:
    """The figures for the template; `schemes` are labels by id."""
    return {
        "quality": quality,
        "schemes": schemes,
        "kinds": [(kind_name(name), count) for name, count in quality.counts.items() if count],
        "styles": quality.search["report"]["styles"] if quality.search else {},
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
