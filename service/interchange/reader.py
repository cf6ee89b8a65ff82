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

from pyoxigraph import Literal, NamedNode

from ontology.terms import DCTERMS, OWL, RDF, SKOS
from service.graph.entities import Link, Terms, link, links, terms, value
from service.graph.links import natural
from service.graph.mappings import Mappings
from service.graph.store import Graph
from service.interchange.frameworks import ABOUT, Association, Framework, Item, identifier

#: classes whose entities follow one another, lowest first
_LADDERS: Final = frozenset({"SkillLevel", "ResponsibilityLevel"})
#: what an entity's link is made of
_NAMING: Final = {
    "label": NamedNode(f"{SKOS}prefLabel"),
    "notation": NamedNode(f"{SKOS}notation"),
    "class": NamedNode(f"{RDF}type"),
}
_CONCEPT: Final = NamedNode(f"{SKOS}Concept")
_IN_SCHEME: Final = NamedNode(f"{SKOS}inScheme")
_DEPRECATED: Final = NamedNode(f"{OWL}deprecated")
_TRUE: Final = Literal(True)
_SCHEMES: Final = """
SELECT ?other ?label ?class WHERE {
  ?other a skos:ConceptScheme .
  OPTIONAL { ?other skos:prefLabel|rdfs:label|dcterms:title ?label }
  BIND(skos:ConceptScheme AS ?class)
}
"""
#: the texts of an entity or a scheme that documents tell
_TEXTS: Final = (
    f"{SKOS}definition", f"{SKOS}altLabel", f"{SKOS}prefLabel", f"{OWL}versionInfo",
    f"{DCTERMS}rights",
)  # fmt: skip
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


#: what is of no more use once all frameworks are read
_PARTS: Final = {"_entities", "_members", "_parents", "_texts", "_links", "_reasons", "_comments"}


@dataclass(frozen=True)
class Frameworks:
    """The frameworks of a graph, read when they are first asked for."""

    graph: Graph
    mappings: Mappings

    def read(self) -> "Frameworks":
        """The same, read whole; what it was put together from is let go of."""
        assert self.all is not None and self.kinds is not None and self._ends is not None
        for name in _PARTS & vars(self).keys():
            del vars(self)[name]
        return self

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
            said = [self.graph.names.curie(property), self._comments.get(reason or "", "")]
            yield Association(
                _ASSOCIATIONS.get(short, "isRelatedTo"),
                origin,
                self._link(target),
                notes=": ".join(filter(None, said)),
                uri=reason,
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
        concepts = self.graph.merge(None, _NAMING["class"], _CONCEPT)
        said: dict[str, list[Terms]] = {value(triple.subject): [] for triple in concepts}
        for triple in self.graph.merge(None, _DEPRECATED, _TRUE):
            said.pop(value(triple.subject), None)
        for name, property in _NAMING.items():
            for triple in self.graph.merge(None, property):
                rows = said.get(value(triple.subject))
                if rows is not None and triple.object != _CONCEPT:
                    rows.append({name: triple.object})
        schemes = self._schemes_of
        made = [link(self.graph.names, uri, rows) for uri, rows in said.items() if uri in schemes]
        return {each.uri: (each, schemes[each.uri]) for each in sorted(made, key=lambda e: e.order)}

    @property
    def _schemes_of(self) -> Mapping[str, str]:
        """The scheme of each entity; of several the first."""
        found: dict[str, str] = {}
        for triple in self.graph.merge(None, _IN_SCHEME):
            uri, scheme = value(triple.subject), value(triple.object)
            found[uri] = min(scheme, found.get(uri, scheme))
        return found

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
        for property in (*_TEXTS, self.graph.names.term("gloss")):
            for triple in self.graph.merge(None, NamedNode(property)):
                text = triple.object
                if isinstance(text, Literal):
                    said = (property, text.language or "", text.value)
                    found[value(triple.subject)].append(said)
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
    def _reasons(self) -> Mapping[tuple[str, str, str], str]:
        """The mapping that states a link, by its ends and property."""
        return {ends: uri for uri, ends in self.mappings.ends().items()}

    @cached_property
    def _comments(self) -> Mapping[str, str]:
        return self.mappings.comments()


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
