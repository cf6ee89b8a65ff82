"""What clients send, read into `Wanted` lines: version 0.2 and the draft of 1.0.

Pydantic reads and checks the JSON, strictly in what matters and leniently in what real clients
get wrong: members nobody knows are passed over, numbers stand for texts.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from service.errors import BadRequest, TooLarge
from service.reconciling.model import Condition, Force, Quantifier, Strictness, Wanted
from service.reconciling.properties import Property

#: queries or ids of one request at most; told in the manifest
BATCH: Final = 1000
#: candidates of one line, and at most
CANDIDATES: Final = 5
MOST: Final = 50


def _list(value: object) -> object:
    return value if isinstance(value, list) else [] if value is None else [value]


class _Entity(BaseModel):
    """A value that is an entity: its id is enough."""

    id: str


Value = str | float | bool | _Entity
Texts = Annotated[list[str], BeforeValidator(_list)]
Values = Annotated[list[Value], BeforeValidator(_list)]


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class _Property(_Lenient):
    pid: str
    v: Values


class _Query(_Lenient):
    """A query of version 0.2."""

    query: str | None = None
    type: Texts = Field(default_factory=list)
    type_strict: Strictness = "any"
    limit: float | None = None
    properties: list[_Property] | None = None


class _Condition(_Lenient):
    match_type: Literal["name", "id", "property"] = Field(alias="matchType")
    property_id: str | None = Field(None, alias="propertyId")
    property_value: Values = Field(alias="propertyValue")
    required: bool = False
    quantifier: Quantifier = Field("any", alias="matchQuantifier")


class _DraftQuery(_Lenient):
    """A query of the draft of 1.0."""

    type: str | None = None
    limit: float | None = None
    conditions: list[_Condition] = Field(min_length=1)


class _DraftBatch(_Lenient):
    queries: list[_DraftQuery]


class _Wish(_Lenient):
    id: str
    settings: dict[str, Any] = Field(default_factory=dict)


class Extension(_Lenient):
    """Which properties of which entities are wanted; the same in both versions."""

    ids: list[str]
    properties: list[_Wish]


_QUERIES: Final = TypeAdapter(dict[str, _Query])
_DRAFT: Final = TypeAdapter(_DraftBatch)
_EXTENSION: Final = TypeAdapter(Extension)


def queries(text: str | bytes, known: Mapping[str, Property]) -> dict[str, Wanted]:
    """The lines of a batch of version 0.2 by key; raises `BadRequest` and `TooLarge`.

    >>> queries('{"q0": {"query": "採用", "limit": 3}}', {})["q0"].limit
    3
    """
    batch: dict[str, _Query] = _read(_QUERIES, text, "queries")
    _limit(batch, "queries")
    return {key: _line(each, known) for key, each in batch.items()}


def draft_queries(text: str | bytes) -> list[Wanted]:
    """The lines of a batch of the draft of 1.0; raises `BadRequest` and `TooLarge`."""
    batch: _DraftBatch = _read(_DRAFT, text, "queries")
    _limit(batch.queries, "queries")
    return [_draft_line(each) for each in batch.queries]


def extension(text: str | bytes, known: Mapping[str, Property]) -> tuple[list[str], list[str]]:
    """The ids and the properties of a request to extend data.

    Raises `BadRequest`, for a property that is not known too, and `TooLarge`.
    """
    wanted: Extension = _read(_EXTENSION, text, "extend")
    _limit(wanted.ids, "ids")
    ids = list(dict.fromkeys(each.id for each in wanted.properties))
    if unknown := [each for each in ids if each not in known]:
        raise BadRequest(
            f"{', '.join(unknown)} という性質はありません。あるのは {', '.join(known)} です。",
            f"There is no property {', '.join(unknown)}; there are {', '.join(known)}.",
            known=list(known),
        )
    return list(dict.fromkeys(wanted.ids)), ids


def _read(shape: TypeAdapter[Any], text: str | bytes, name: str) -> Any:
    try:
        return shape.validate_json(text)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or name
        raise BadRequest(
            f"{name} の JSON を読めません（{place}: {first['msg']}）。書き方は /docs にあります。",
            f"The JSON of {name} cannot be read ({place}: {first['msg']}); see /docs.",
            parameter=name,
        ) from fault


def _limit(given: Sequence[object] | Mapping[str, object], what: str) -> None:
    if len(given) > BATCH:
        raise TooLarge(
            f"一度に送れるのは {BATCH:,} 件までです（{len(given):,} 件あります）。分けてください。",
            f"At most {BATCH:,} {what} a request, these are {len(given):,}; send them in parts.",
            cap="batchSize",
            limit=BATCH,
        )


def _line(each: _Query, known: Mapping[str, Property]) -> Wanted:
    found = (
        Condition(
            given.pid,
            tuple(_texts(given.v)),
            "narrow" if given.pid in known and known[given.pid].narrows else "prefer",
        )
        for given in each.properties or ()
    )
    return Wanted(
        text=each.query or "",
        types=_types(each.type),
        strict=each.type_strict,
        conditions=tuple(condition for condition in found if condition.values),
        limit=_most(each.limit),
    )


def _draft_line(each: _DraftQuery) -> Wanted:
    names = [text for given in each.conditions if given.match_type == "name"
             for text in _texts(given.property_value)]  # fmt: skip
    ids = [text for given in each.conditions if given.match_type == "id"
           for text in _texts(given.property_value)]  # fmt: skip
    return Wanted(
        text="。".join(names),
        ids=tuple(ids),
        types=_types([each.type or ""]),
        conditions=tuple(_draft_conditions(each)),
        limit=_most(each.limit),
    )


def _draft_conditions(each: _DraftQuery) -> Iterator[Condition]:
    for given in each.conditions:
        values = tuple(_texts(given.property_value))
        if given.match_type == "property" and values:
            force: Force = "must" if given.required else "prefer"
            yield Condition(given.property_id or "", values, force, given.quantifier)


def _texts(values: Sequence[Value]) -> Iterator[str]:
    for each in values:
        text = each.id if isinstance(each, _Entity) else str(each)
        if text.strip():
            yield text.strip()


def _types(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(each.strip() for each in given if each.strip())


def _most(given: float | None) -> int:
    """How many candidates; what is no sensible number is the nearest that is.

    >>> _most(None), _most(0), _most(1e9), _most(float("nan"))
    (5, 1, 50, 5)
    """
    if given is None or given != given:
        return CANDIDATES
    return int(min(max(given, 1), MOST))
