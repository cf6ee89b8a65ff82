"""Two versions of a scheme beside each other: what stayed, moved, split, merged, came and went.

Where mappings join the versions they decide. What they leave out is compared by label, and a
grouping, such as an area, by its code: a competency's code alone says nothing, for versions use
the same code for other things.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pyoxigraph import NamedNode

from service.errors import NotFound
from service.graph.entities import Link, links, terms, value
from service.graph.notations import fold, folded_label
from service.graph.store import Graph
from service.graph.succession import Arc, Step, arcs, named

#: what may have become of an entity, in the order pages show it
CHANGES: Final[Mapping[str, tuple[str, str]]] = {
    "unchanged": ("変わらない", "unchanged"),
    "renamed": ("名称が変わった", "renamed"),
    "renumbered": ("コードが変わった", "renumbered"),
    "moved": ("上位が変わった", "moved"),
    "close": ("近い意味で続く", "continues with a close meaning"),
    "split": ("分かれた", "split"),
    "merged": ("統合された", "merged"),
    "gone": ("無くなった", "gone"),
    "new": ("新しい", "new"),
}
_MEMBERS: Final = """
SELECT DISTINCT ?scheme ?other ?label ?notation ?class ?parent ?children WHERE {
  ?other skos:inScheme ?scheme .
  OPTIONAL { ?other skos:prefLabel ?label }
  OPTIONAL { ?other skos:notation ?notation }
  OPTIONAL { ?other a ?class FILTER(?class != skos:Concept) }
  OPTIONAL { ?other skos:broader ?parent }
  BIND(EXISTS { ?child skos:broader ?other } AS ?children)
}
"""
_REPLACED: Final = """
SELECT DISTINCT ?older ?newer WHERE {
  ?older a skos:ConceptScheme ; dcterms:isReplacedBy ?newer . ?newer a skos:ConceptScheme
}
"""
_IS_SCHEME: Final = "ASK { ?scheme a skos:ConceptScheme }"
#: the change that a relation means for the older entity, where the graph states it
_MEANT: Final = {"closeMatch": "close", "broadMatch": "merged", "narrowMatch": "split"}
_EXACT: Final = frozenset({"exactMatch", "isReplacedBy", "sameLabel", "sameCode"})

#: what an id of ours is made of
_LOCAL: Final = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one entity; `before` is `None` of a new one.

    `reused` is the entity of the other version that has this one's code and means something else.
    """

    change: str
    before: Link | None
    after: tuple[Step, ...]
    reused: Link | None = None

    @property
    def subject(self) -> Link:
        """The older entity, or the new one."""
        return self.before or self.after[0].link

    @property
    def words(self) -> tuple[str, str]:
        """The change in Japanese and English."""
        return CHANGES[self.change]


@dataclass(frozen=True)
class Comparison:
    """Two schemes and every difference between them, in the order of their codes."""

    older: Link
    newer: Link
    differences: tuple[Difference, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many differences there are of each change."""
        found = Counter(each.change for each in self.differences)
        return {change: found[change] for change in CHANGES if found[change]}

    @property
    def reused(self) -> int:
        """How many codes of the older version mean something else in the newer."""
        return sum(each.reused is not None and each.before is not None for each in self.differences)

    def only(self, changes: Iterable[str]) -> "Comparison":
        """The comparison with these changes alone; none given means all.

        `reused` stands for the codes that mean something else.
        """
        wanted = set(changes)
        if not wanted:
            return self
        kept = (
            each
            for each in self.differences
            if each.change in wanted or ("reused" in wanted and each.before and each.reused)
        )
        return Comparison(self.older, self.newer, tuple(kept))


@dataclass(frozen=True)
class _Member:
    link: Link
    parent: str
    grouping: bool

    @cached_property
    def name(self) -> tuple[str, str]:
        """What tells the same thing by its label: class and folded Japanese label."""
        return (self.link.kind.name if self.link.kind else "", folded_label(self.link.label))

    @property
    def code(self) -> str:
        return fold(self.link.notation or "")


Members = Mapping[str, _Member]


def compare(graph: Graph, older: str, newer: str, language: str = "ja") -> Comparison:
    """Compare two schemes by their local ids; raises `NotFound` where one is no scheme.

    Of each class that both schemes have; labels are shown in the language, compared in Japanese.
    """
    ends = [_scheme(graph, local) for local in (older, newer)]
    old, new = (_members(graph, uri) for uri in ends)
    kinds = {each.link.kind for each in old.values()} & {each.link.kind for each in new.values()}
    old, new = (
        {uri: each for uri, each in members.items() if each.link.kind in kinds}
        for members in (old, new)
    )
    steps = _correspondences(arcs(graph, *ends), old, new)
    found = (*_of_old(steps, old, new), *_of_new(steps, old, new))
    shown = found if language == "ja" else tuple(_told(graph, each, language) for each in found)
    return Comparison(named(graph, ends[0], language), named(graph, ends[1], language), shown)


def successions(graph: Graph, language: str = "ja") -> list[tuple[Link, Link]]:
    """The schemes that were replaced, each with what replaced it."""
    rows = graph.rows(_REPLACED)
    pairs = sorted({(row["older"], row["newer"]) for row in rows})
    return [
        (named(graph, older, language), named(graph, newer, language)) for older, newer in pairs
    ]


def _scheme(graph: Graph, local: str) -> str:
    uri = graph.names.entity(local)
    if not _LOCAL.fullmatch(local) or not graph.ask(_IS_SCHEME, scheme=NamedNode(uri)):
        raise NotFound(
            f"{local} という体系はありません。例: /diff/cmbok1/cmbok2",
            f"There is no scheme {local}; try /diff/cmbok1/cmbok2.",
        )
    return uri


def _members(graph: Graph, scheme: str) -> dict[str, _Member]:
    rows = terms(graph, _MEMBERS, scheme=NamedNode(scheme))
    above = {value(row["other"]): value(row["parent"]) for row in rows}
    groups = {value(row["other"]) for row in rows if value(row["children"]) == "true"}
    return {
        each.uri: _Member(each, above[each.uri], each.uri in groups)
        for each in links(graph.names, rows)
    }


def _correspondences(said: Sequence[Arc], old: Members, new: Members) -> list[Arc]:
    """The stated steps; of what they leave out, the same label, then a grouping's same code."""
    found = [arc for arc in said if arc.source in old and arc.target in new]
    for relation, key in (("sameLabel", _by_name), ("sameCode", _by_code)):
        left = [each for each in old if each not in {arc.source for arc in found}]
        free = [each for each in new if each not in {arc.target for arc in found}]
        theirs = _unique((key(new[uri]), uri) for uri in free)
        mine = _unique((key(old[uri]), uri) for uri in left)
        found += [Arc(mine[k], theirs[k], relation) for k in mine if k and k in theirs]
    return found


def _by_name(member: _Member) -> object:
    return member.name


def _by_code(member: _Member) -> object:
    return member.code if member.grouping else None


def _unique(pairs: Iterable[tuple[object, str]]) -> dict[object, str]:
    """What a key stands for, where that is one thing alone."""
    found: dict[object, list[str]] = defaultdict(list)
    for key, uri in pairs:
        found[key].append(uri)
    return {key: uris[0] for key, uris in found.items() if len(uris) == 1}


def _of_old(steps: Sequence[Arc], old: Members, new: Members) -> Iterator[Difference]:
    codes = {each.code: each for each in new.values() if each.code}
    onward: dict[str, list[Arc]] = defaultdict(list)
    for arc in steps:
        onward[arc.source].append(arc)
    for uri, member in old.items():
        after = sorted(onward[uri], key=lambda arc: new[arc.target].link.order)
        made = tuple(_step(arc, new[arc.target].link) for arc in after)
        twin = codes.get(member.code)
        yield Difference(
            _change(member, [(arc, new[arc.target]) for arc in after], old, new),
            member.link,
            made,
            _reused(member, twin, made),
        )


def _of_new(steps: Sequence[Arc], old: Members, new: Members) -> Iterator[Difference]:
    codes = {each.code: each for each in old.values() if each.code}
    reached = {arc.target for arc in steps}
    for uri, member in new.items():
        if uri not in reached:
            twin = codes.get(member.code)
            yield Difference("new", None, (Step(member.link, ""),), _reused(member, twin, ()))


def _step(arc: Arc, end: Link) -> Step:
    return Step(end, arc.relation, arc.reason, arc.confidence, arc.mapping)


def _reused(member: _Member, twin: _Member | None, after: Sequence[Step]) -> Link | None:
    """The other version's holder of the code, where label and mapping say it is another thing."""
    if twin is None or twin.name == member.name:
        return None
    alike = any(each.link.uri == twin.link.uri and each.relation in _EXACT for each in after)
    return None if alike and member.grouping else twin.link


def _change(
    member: _Member, after: Sequence[tuple[Arc, _Member]], old: Members, new: Members
) -> str:
    if not after:
        return "gone"
    relations = {arc.relation for arc, _ in after}
    if not relations <= _EXACT or len(after) > 1:
        meant = [_MEANT[each] for each in _MEANT if each in relations]
        return "split" if len(after) > 1 and "merged" not in meant else (meant or ["split"])[0]
    target = after[0][1]
    if _place(member, old) != _place(target, new):
        return "moved"
    if member.code != target.code:
        return "renumbered"
    return "unchanged" if member.name == target.name else "renamed"


def _place(member: _Member, members: Members) -> object:
    """Where an entity stands: its parent's code, or the parent's label where that has none."""
    above = members.get(member.parent)
    return (above.code or above.name) if above else None


def _told(graph: Graph, each: Difference, language: str) -> Difference:
    """The same with labels in another language."""
    after = tuple(
        Step(named(graph, s.link.uri, language), s.relation, s.reason, s.confidence, s.mapping)
        for s in each.after
    )
    before, reused = (
        named(graph, link.uri, language) if link else None for link in (each.before, each.reused)
    )
    return Difference(each.change, before, after, reused)
