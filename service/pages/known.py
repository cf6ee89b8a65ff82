"""What every page of one graph asks again and again, asked once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ontology.terms import CLASSES
from service.graph.mappings import Mappings
from service.graph.store import Graph
from service.http.languages import LANGUAGES
from service.pages.ontology import Vocabulary, vocabulary
from service.pages.overview import Scheme, schemes


@dataclass(frozen=True)
class Known:
    """The schemes and mappings of a graph, read when the first page needs them."""

    graph: Graph

    @cached_property
    def schemes(self) -> Mapping[str, list[Scheme]]:
        """The schemes by the language of their labels."""
        return {language: schemes(self.graph, language) for language in LANGUAGES}

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary with its use in the graph."""
        return vocabulary(self.graph)

    @cached_property
    def mappings(self) -> Mappings:
        """The mappings."""
        return Mappings(self.graph)

    @cached_property
    def ours(self) -> bool:
        """Whether the graph has entities of our classes, which the questions are about."""
        found = self.schemes[LANGUAGES[0]]
        return any(kind.name in CLASSES for each in found for kind, _ in each.counts)
