"""The competency frameworks of a graph; any SKOS graph has some.

Guide articles are texts about competencies, not competencies: a scheme that holds nothing else
is no framework.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from ontology.terms import DCTERMS, OWL, SKOS
from service.graph.entities import Link, Terms, link, links, terms, value
from service.graph.links import natural
from service.graph.mappings import Ends, Mapped, Mappings
from service.graph.store import Graph
from service.interchange.frameworks import ABOUT, Association, Framework, Item, identifier

#: classes whose entities follow one another, lowest first
_LADDERS: Final = frozenset({"SkillLevel", "ResponsibilityLevel"})
_ENTITIES: Final = """
SELECT ?other ?scheme ?label ?notation ?class WHERE {
  ?other a skos:Concept ; skos:inScheme ?scheme .
  OPTIONAL { ?other skos:prefLabel ?label }
  OPTIONAL { ?other skos:notation ?notation }
  OPTIONAL { ?other a ?class FILTER(?class != skos:Concept) }
  FILTER NOT EXISTS { ?other owl:deprecated true }
}
"""
_SCHEMES: Final = """
SELECT ?other ?label ?class WHERE {
  ?other a skos:ConceptScheme .
  OPTIONAL { ?other skos:prefLabel|rdfs:label|dcterms:title ?label }
  BIND(skos:ConceptScheme AS ?class)
}
"""
_TEXTS: Final = """
SELECT ?subject ?p ?text WHERE {
  VALUES ?p {
    skos:definition skos:altLabel skos:prefLabel cco:gloss owl:versionInfo dcterms:rights
  }
  ?subject ?p ?text FILTER(isLiteral(?text))
}
"""
_BROADER: Final = """
SELECT DISTINCT ?child ?parent WHERE { ?child skos:broader|^skos:narrower ?parent }
"""
_LINKS: Final = """
SELECT DISTINCT ?s ?p ?o WHERE {
  VALUES ?p {
    skos:exactMatch skos:closeMatch skos:broadMatch skos:narrowMatch skos:relatedMatch skos:related
    dcterms:isReplacedBy cco:requiresPrimarily cco:requiresAlso cco:atSkillLevel
  }
  ?s ?p ?o FILTER(isIRI(?o))
}
"""
#: CASE's name of a property, by its local name; what has none of its own is related
_ASSOCIATIONS: Final[Mapping[str, str]] = {
    f"{SKOS}exactMatch": "exactMatchOf",
    f"{DCTERMS}isReplacedBy": "replacedBy",
    "atSkillLevel": "hasSkillLevel",
}


@dataclass(frozen=True)
class Frameworks:
    """The frameworks of a graph, read when they are first asked for."""

    graph: Graph
    mappings: Mappings

    @cached_property
    def all(self) -> Mapping[str, Framework]:
        """The frameworks by their UUID, in their natural order."""
        made = (self._framework(each) for each in self._schemes.values())
        return {each.id: each for each in made if each.items and not _merely_about(each)}

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """The items of all frameworks by their UUID."""
        return {identifier(i.link.uri): i for each in self.all.values() for i in each.items}

    @cached_property
    def associations(self) -> Mapping[str, tuple[Association, Framework]]:
        """The associations of all frameworks by their UUID, with the framework of their origin."""
        return {
            association.id: (association, each)
            for each in self.all.values()
            for association in each.associations
        }

    @cached_property
    def kinds(self) -> Mapping[str, Link]:
        """The classes of all items as links, by their UUID."""
        kinds = {item.link.kind for item in self.items.values() if item.link.kind}
        return {identifier(k.uri): Link(k.uri, k.name, k.ja) for k in kinds}

    def of(self, item: Item) -> Framework:
        """The framework that an item is in."""
        return self.all[identifier(item.scheme)]

    def about(self, item: Item) -> Sequence[Association]:
        """The associations that an item is an end of."""
        return self._ends.get(item.link.uri, ())

    @cached_property
    def _ends(self) -> Mapping[str, Sequence[Association]]:
        found: dict[str, list[Association]] = defaultdict(list)
        for association, _ in self.associations.values():
            for uri in {association.origin.uri, association.target.uri}:
                found[uri].append(association)
        return found

    def _framework(self, scheme: Link) -> Framework:
        items = tuple(self._members[scheme.uri])
        said = self._said(scheme.uri)
        replaced = f"{DCTERMS}isReplacedBy" in {p for p, _ in self._links.get(scheme.uri, ())}
        return Framework(
            scheme,
            said.first(f"{OWL}versionInfo"),
            said.first(f"{DCTERMS}rights"),
            replaced,
            items,
            tuple(self._associations(scheme, items)),
        )

    def _associations(self, scheme: Link, items: Sequence[Item]) -> Iterator[Association]:
        for item in items:
            parent = self._entities[item.parent][0] if item.parent in self._entities else scheme
            yield Association("isChildOf", item.link, parent, item.place)
        yield from _steps(items)
        for origin in (scheme, *(item.link for item in items)):
            yield from self._crossing(origin)

    def _crossing(self, origin: Link) -> Iterator[Association]:
        for property, target in self._links.get(origin.uri, ()):
            reason = self._reasons.get((origin.uri, property, target))
            short = property.removeprefix(self.graph.names.term(""))
            said = [self.graph.names.curie(property), reason.slots.get("comment") if reason else ""]
            yield Association(
                _ASSOCIATIONS.get(short, "isRelatedTo"),
                origin,
                self._link(target),
                notes=": ".join(filter(None, said)),
                uri=reason.uri if reason else None,
            )

    def _link(self, uri: str) -> Link:
        if uri in self._entities:
            return self._entities[uri][0]
        return self._schemes.get(uri) or link(self.graph.names, uri, ())

    @cached_property
    def _schemes(self) -> Mapping[str, Link]:
        return _gathered(self.graph, terms(self.graph, _SCHEMES))

    @cached_property
    def _entities(self) -> Mapping[str, tuple[Link, str]]:
        """The entities with the IRI of their scheme, in their natural order."""
        rows = terms(self.graph, _ENTITIES)
        schemes = {value(row["other"]): value(row["scheme"]) for row in rows}
        found = _gathered(self.graph, rows)
        return {uri: (found[uri], schemes[uri]) for uri in found}

    @cached_property
    def _members(self) -> Mapping[str, list[Item]]:
        members: dict[str, list[Item]] = defaultdict(list)
        for uri, (own, scheme) in self._entities.items():
            place = len(members[scheme]) + 1
            members[scheme].append(self._item(own, scheme, self._parents.get(uri, scheme), place))
        return members

    def _item(self, own: Link, scheme: str, parent: str, place: int) -> Item:
        said = self._said(own.uri)
        return Item(
            own,
            scheme,
            parent,
            place,
            english=said.first(f"{SKOS}prefLabel", "en"),
            definition=said.first(f"{SKOS}definition"),
            gloss=said.first(self.graph.names.term("gloss")),
            aliases=said.every(f"{SKOS}altLabel"),
        )

    @cached_property
    def _parents(self) -> Mapping[str, str]:
        rows = self.graph.rows(_BROADER)
        pairs = sorted((row["child"], natural(row["parent"]), row["parent"]) for row in rows)
        return {child: parent for child, _, parent in reversed(pairs) if parent in self._entities}

    def _said(self, uri: str) -> "_Said":
        return _Said(self._texts.get(uri, ()))

    @cached_property
    def _texts(self) -> Mapping[str, Sequence[tuple[str, str, str]]]:
        """Property, language and text of the literals of each subject."""
        found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for row in terms(self.graph, _TEXTS):
            language = str(getattr(row["text"], "language", "") or "")
            found[value(row["subject"])].append((value(row["p"]), language, value(row["text"])))
        return found

    @cached_property
    def _links(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Property and target of the links of each subject, in order."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in self.graph.rows(_LINKS):
            found[row["s"]].append((row["p"], row["o"]))
        return {
            uri: sorted(each, key=lambda x: (x[0], natural(x[1]))) for uri, each in found.items()
        }

    @cached_property
    def _reasons(self) -> Mapping[tuple[str, str, str], Mapped]:
        rows = self.mappings.rows(self.mappings.find(Ends()))
        return {(each.subject.uri, each.word.uri, each.object.uri): each for each in rows}


@dataclass(frozen=True)
class _Said:
    """The literals of one subject: property, language, text."""

    texts: Sequence[tuple[str, str, str]]

    def first(self, property: str, *languages: str) -> str:
        """The first text of a property, Japanese before others; blank where there is none."""
        wanted = languages or ("ja", "")
        order = {language: place for place, language in enumerate(wanted)}
        found = [
            (order.get(language, len(order)), text)
            for name, language, text in self.texts
            if name == property and (not languages or language in order)
        ]
        return min(found, default=(0, ""))[1]

    def every(self, property: str) -> tuple[str, ...]:
        """All texts of a property, but for readings."""
        found = (text for name, tag, text in self.texts if name == property and "-" not in tag)
        return tuple(sorted(found))


def _gathered(graph: Graph, rows: Iterable[Terms]) -> dict[str, Link]:
    """The entities that rows speak of, in their natural order."""
    return {each.uri: each for each in links(graph.names, rows)}


def _steps(items: Iterable[Item]) -> Iterator[Association]:
    """That a level comes before the next one."""
    ladders: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items:
        if item.link.kind and item.link.kind.name in _LADDERS:
            ladders[item.parent, item.link.kind.name].append(item)
    for ladder in ladders.values():
        for lower, higher in pairwise(ladder):
            yield Association("precedes", lower.link, higher.link)


def _merely_about(framework: Framework) -> bool:
    kinds = {item.link.kind.name for item in framework.items if item.link.kind}
    return bool(kinds) and kinds <= ABOUT
