"""What is reconciled and what comes of it: frozen values between requests, matcher and answers."""

from dataclasses import dataclass
from typing import Literal

from service.retrieval.entries import Entry
from service.retrieval.explain import Match

#: which of several wanted types a candidate must have; `should` prefers and does not insist
Strictness = Literal["any", "all", "should"]
#: which of several values a candidate must have
Quantifier = Literal["any", "all", "none"]
#: whether a candidate that does not meet a condition is out (`must`), out where anything at all
#: meets it (`narrow`), or only the less likely (`prefer`)
Force = Literal["must", "narrow", "prefer"]


@dataclass(frozen=True, slots=True)
class Condition:
    """Values that a property of a candidate is to have."""

    property: str
    values: tuple[str, ...]
    force: Force = "prefer"
    quantifier: Quantifier = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One line to be reconciled.

    `ids` narrow it to these entities; `types` are classes or schemes, by the ids that
    `service.reconciling.types` gives them; without types, what people can do or be good at.
    """

    text: str = ""
    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    strict: Strictness = "any"
    conditions: tuple[Condition, ...] = ()
    limit: int = 5


@dataclass(frozen=True, slots=True)
class Feature:
    """One reason for a score: a share of 100, or whether something holds."""

    id: str
    value: float | bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that a line may mean; `score` is 0 to 100, `match` where that is safe to say.

    `matched` has the texts of the entity that speak for it, as the search gives them.
    """

    entry: Entry
    score: float
    match: bool = False
    features: tuple[Feature, ...] = ()
    matched: tuple[Match, ...] = ()
