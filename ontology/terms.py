"""Every name of the graph: namespaces, classes, properties, named graphs, minting patterns.

The only module that composes a URI of ours. Names are plain strings, so that the service can
use them without importing an RDF library.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

#: where the packaged vocabulary, shapes and registry lie
HOME: Final = Path(__file__).parent

#: names things; where a service answers is another matter (CCGRAPH_PUBLIC_URL)
DEFAULT_BASE: Final = "https://w3id.org/ccgraph/"

#: W3C Simple Knowledge Organization System
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
#: RDF itself
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#: RDF Schema
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
#: OWL 2, for version and deprecation
OWL: Final = "http://www.w3.org/2002/07/owl#"
#: XML Schema datatypes
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
#: DCMI terms
DCTERMS: Final = "http://purl.org/dc/terms/"
#: W3C provenance
PROV: Final = "http://www.w3.org/ns/prov#"
#: schema.org
SCHEMA: Final = "https://schema.org/"
#: Simple Standard for Sharing Ontological Mappings
SSSOM: Final = "https://w3id.org/sssom/"
#: Semantic Mapping Vocabulary, the justifications of SSSOM
SEMAPV: Final = "https://w3id.org/semapv/vocab/"
#: Vocabulary of Interlinked Datasets
VOID: Final = "http://rdfs.org/ns/void#"
#: SPARQL 1.1 Service Description
SD: Final = "http://www.w3.org/ns/sparql-service-description#"
#: the SFIA Foundation's own linked data, target of exactMatch
SFIA: Final = "https://rdf.sfia-online.org/"

FOREIGN_PREFIXES: Final[Mapping[str, str]] = {
    "skos": SKOS,
    "rdf": RDF,
    "rdfs": RDFS,
    "owl": OWL,
    "xsd": XSD,
    "dcterms": DCTERMS,
    "prov": PROV,
    "schema": SCHEMA,
    "sssom": SSSOM,
    "semapv": SEMAPV,
}


@dataclass(frozen=True, slots=True)
class EntityClass:
    """A class of entities: its name in `cco:`, its labels and how an id without a code is minted.

    `minted` is a pattern over `{parent}` and `{number}`; `None` where the document gives a code.
    """

    name: str
    ja: str
    en: str
    minted: str | None = None


_CLASSES: Final = (
    EntityClass("Domain", "領域", "Domain", "{parent}.D-{number}"),
    EntityClass("Area", "分野", "Area"),
    EntityClass("Competency", "コンピテンシー", "Competency"),
    EntityClass("ScopeStatement", "分野の業務", "Scope statement", "{parent}-s{number}"),
    EntityClass("TaskMajorCategory", "タスク大分類", "Major task category", "task.A{number:02d}"),
    EntityClass("TaskMiddleCategory", "タスク中分類", "Middle task category", "task.M{number:02d}"),
    EntityClass("Task", "タスク", "Task", "task.T{number:02d}"),
    EntityClass("EvaluationItem", "評価項目", "Evaluation item", "task.E{number:03d}"),
    EntityClass("Skill", "スキル", "Skill"),
    EntityClass("SkillLevel", "スキルレベル", "Skill level"),
    EntityClass("ResponsibilityLevel", "責任レベル", "Responsibility level"),
    EntityClass("Activity", "アクティビティ", "Activity", "{parent}-a{number}"),
    EntityClass("GuideArticle", "解説記事", "Guide article", "guide.G{number:02d}"),
    EntityClass("GuideSection", "解説記事の節", "Guide section", "{article}-s{number}"),
)

#: the fourteen classes of entities, by name, in the order pages and reports show them
CLASSES: Final[Mapping[str, EntityClass]] = {each.name: each for each in _CLASSES}

#: functions of the `cco:` ontology that queries may call, over an entity and a text
FUNCTIONS: Final = ("similarity", "matches")

#: named graphs that hold entities of one scheme
SCHEME_GRAPHS: Final = ("cmbok1", "cmbok2", "task", "sfia9", "guide")
#: named graphs that hold mappings of one set
MAPPING_GRAPHS: Final = (
    "map-item-cmbok2",
    "map-task-cmbok2",
    "map-level-cmbok2",
    "map-item-sfia9",
    "map-task-sfia9",
    "map-cmbok1-cmbok2",
    "map-scope-cmbok2",
    "map-guide-cmbok2",
)
#: the object of a mapping that says: this scheme has no term for the subject
NO_TERM: Final = f"{SSSOM}NoTermFound"
#: labels, glosses and readings of ours
VOCABULARY_GRAPH: Final = "vocabulary"
#: machine proposals: the one graph that the default graph leaves out
PROPOSALS_GRAPH: Final = "proposals"


def mapping_id(mapping_set: str, subject: str, predicate: str, target: str) -> str:
    """The local id of a mapping: the same in every edition, in every build and on every base.

    The set is its graph's name; subject, predicate and target are CURIEs.

    >>> mapping_id("map-item-cmbok2", "ccg:task.E071", "cco:requiresAlso", "ccg:cmbok2.HR-5")
    'map.4dcece47677f2677'
    """
    joined = "\n".join((mapping_set, subject, predicate, target))
    return f"map.{hashlib.sha256(joined.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Names:
    """The URIs under one base.

    >>> Names().entity("cmbok2.HR-5")
    'https://w3id.org/ccgraph/id/cmbok2.HR-5'
    >>> Names().span("0123456789abcdef", 2211, 2216)
    'https://w3id.org/ccgraph/source/0123456789abcdef#char=2211,2216'
    """

    base: str = DEFAULT_BASE

    def __post_init__(self) -> None:
        if not self.base.endswith(("/", "#")):
            object.__setattr__(self, "base", self.base + "/")

    def entity(self, local: str) -> str:
        """The URI of an entity, from its local id."""
        return f"{self.base}id/{local}"

    def local(self, uri: str) -> str | None:
        """The local id of an entity's URI, `None` for a URI that is not ours.

        >>> Names().local("https://w3id.org/ccgraph/id/task.E034")
        'task.E034'
        """
        prefix = f"{self.base}id/"
        return uri.removeprefix(prefix) if uri.startswith(prefix) else None

    def term(self, name: str) -> str:
        """The URI of a class or property of the `cco:` ontology."""
        return f"{self.base}ontology#{name}"

    def graph(self, name: str) -> str:
        """The URI of a named graph."""
        return f"{self.base}graph/{name}"

    def source(self, digest: str) -> str:
        """The URI of a source document, from the first 16 hex digits of its SHA-256."""
        return f"{self.base}source/{digest}"

    def span(self, digest: str, start: int, end: int) -> str:
        """A character range of a source document (RFC 5147), offsets in code points."""
        return f"{self.source(digest)}#char={start},{end}"

    @cached_property
    def prefixes(self) -> Mapping[str, str]:
        """Prefix to namespace, ours first."""
        return {
            "ccg": f"{self.base}id/",
            "cco": f"{self.base}ontology#",
            "graph": f"{self.base}graph/",
            **FOREIGN_PREFIXES,
        }

    def curie(self, uri: str) -> str:
        """A URI with its prefix where one is known, else as it is.

        >>> Names().curie("https://w3id.org/ccgraph/id/cmbok2.HR-5")
        'ccg:cmbok2.HR-5'
        """
        for prefix, namespace in self.prefixes.items():
            if uri.startswith(namespace) and uri != namespace:
                return f"{prefix}:{uri.removeprefix(namespace)}"
        return uri

    def expanded(self, curie: str) -> str | None:
        """The URI of a CURIE, `None` where its prefix is not known.

        >>> Names().expanded("sssom:NoTermFound")
        'https://w3id.org/sssom/NoTermFound'
        """
        prefix, colon, name = curie.partition(":")
        namespace = self.prefixes.get(prefix)
        return namespace + name if colon and namespace else None

    def rebased(self, text: str) -> str:
        """A text of ours (Turtle, SPARQL) that was written for the default base."""
        return text.replace(DEFAULT_BASE, self.base)
