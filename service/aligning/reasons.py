"""Why a mapping is proposed, in one Japanese sentence: what weighed most, with names."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np

from service.aligning.evidence import FEATURES, Evidence, Ground
from service.aligning.examples import Objects
from service.aligning.model import Scorer
from service.aligning.subjects import Subject

#: examples and words that are named
_NAMED: Final = 3
#: reasons that are given
_GIVEN: Final = 2


def reason(
    ground: Ground,
    scorer: Scorer,
    subject: Subject,
    objects: Objects,
    evidence: Evidence,
    *,
    at: int,
) -> str:
    """The sentence for one object, `at` among the objects."""
    own = evidence.features[at] - evidence.features.mean(axis=0)
    weight = dict(zip(FEATURES, np.array(scorer.weights) * own, strict=True))
    said = {
        "same": (weight["same"], lambda: "名前が同じ"),
        "examples": (
            weight["examples"] + weight["shared"],
            lambda: _examples(ground, objects, evidence, at),
        ),
        "words": (
            weight["words"] + weight["names"],
            lambda: _words(ground, subject.text, int(objects.places[at])),
        ),
        "meaning": (weight["meaning"], lambda: "文の意味が近い"),
        "above": (weight["above"], lambda: _above(subject)),
    }
    given = list(_strongest(said))[:_GIVEN] or ["ほかの候補より手掛かりが多い"]
    return f"{'、'.join(given)}ことから、機械が提案した。"


def _strongest(said: Mapping[str, tuple[float, Callable[[], str]]]) -> Iterator[str]:
    """Phrases for what speaks for the mapping, the weightiest first."""
    for weight, phrase in sorted(said.values(), key=lambda each: -each[0]):
        if weight > 0 and (text := phrase()):
            yield text


def _examples(ground: Ground, objects: Objects, evidence: Evidence, at: int) -> str:
    """The examples that vote for the object most, by their ids."""
    votes = evidence.votes * objects.strength[:, at]
    best = [place for place in np.argsort(-votes, kind="stable")[:_NAMED] if votes[place] > 0]
    entries = ground.search.index.entries
    ids = "・".join(entries[ground.places[place]].id for place in best)
    return f"似ている {ids} がこれに結ばれている" if ids else ""


def _words(ground: Ground, text: str, place: int) -> str:
    """The words that the subject shares with the object, the rarest first."""
    index, rarity = ground.search.index, ground.search.lexicon.rarity
    start, end = index.passage_range(place)
    inside = (index.words[:, 0] >= start) & (index.words[:, 0] < end)
    own = set(index.words[inside, 1].tolist())
    forms = dict.fromkeys(each.form for each in ground.search.analyse(text))
    shared = [form for form in forms if index.vocabulary.get(form) in own]
    shared.sort(key=lambda form: -rarity[index.vocabulary[form]])
    named = "".join(f"「{form}」" for form in shared[:_NAMED])
    return f"{named}の語を共有する" if named else ""


def _above(subject: Subject) -> str:
    return f"上位の「{subject.path[-1]}」と語を共有する" if subject.path else ""
