"""Open Badges 3.0: an entity as the target that an achievement is aligned with.

Rules: 1EdTech Open Badges 3.0, class Alignment; `targetName` and `targetUrl` are required.
"""

import json
from typing import Any, Final

from service.errors import BadRequest
from service.interchange.frameworks import ABOUT
from service.pages.concept_model import Concept

#: classes that are competencies in the sense of CTDL-ASN; other entities are items of CASE
_COMPETENCIES: Final = frozenset({"Competency", "Skill", "SkillLevel"})

Document = dict[str, Any]


def alignment(concept: Concept) -> Document:
    """The Alignment object of an entity, to stand in an achievement's `alignment`.

    Raises `BadRequest` on a scheme, a mapping, a guide text or a retired entity.
    """
    if not _alignable(concept):
        raise BadRequest(
            f"{concept.id} はバッジの対象にできません。コンピテンシー、スキルレベル、"
            "タスクなどの id を指定してください。",
            f"{concept.id} is nothing to align a badge with; give a competency, level or task.",
        )
    text = next(iter((*concept.gloss, *concept.definitions)), None)
    kind = concept.kind.name if concept.kind else ""
    document = {
        "type": ["Alignment"],
        "targetCode": concept.notation,
        "targetDescription": text.value if text else None,
        "targetName": concept.label,
        "targetFramework": concept.scheme.label if concept.scheme else None,
        "targetType": "ceasn:Competency" if kind in _COMPETENCIES else "CFItem",
        "targetUrl": concept.uri,
    }
    return {key: value for key, value in document.items() if value}


def alignment_text(concept: Concept) -> str:
    """The same as text to copy; blank where nothing can be aligned."""
    if not _alignable(concept):
        return ""
    return json.dumps(alignment(concept), ensure_ascii=False, indent=2)


def _alignable(concept: Concept) -> bool:
    about = concept.kind is not None and concept.kind.name in ABOUT
    return concept.scheme is not None and concept.tombstone is None and not about
