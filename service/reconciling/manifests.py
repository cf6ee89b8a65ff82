"""What the service says of itself to clients of reconciliation: made without a search."""

from dataclasses import dataclass
from typing import Any, Final

from ontology.terms import CLASSES, Names
from service.reconciling.requests import BATCH
from service.reconciling.types import DEFAULTS

Json = dict[str, Any]
WIDTH: Final = 430
HEIGHT: Final = 260
_NAME: Final = "ccgraph: コンタクトセンターの仕事と能力"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the service is: its root, ending in a slash; `ours` whether ids are local ones."""

    root: str
    names: Names
    version: str
    ours: bool = True

    @property
    def name(self) -> str:
        """What the service is called; of another's graph it knows no name."""
        return _NAME if self.ours else "ccgraph"

    def view(self, variable: str) -> str:
        """The template of an entity's page."""
        return self.root + ("page/" if self.ours else "page?uri=") + variable


def manifest(place: Place) -> Json:
    """The manifest of version 0.2."""
    base = f"{place.root}reconcile"
    return {
        "versions": ["0.1", "0.2"],
        "name": place.name,
        "identifierSpace": place.names.entity("") if place.ours else place.root,
        "schemaSpace": place.names.term(""),
        "documentation": f"{place.root}docs",
        "serviceVersion": place.version,
        "defaultTypes": _default_types(place),
        "view": {"url": place.view("{{id}}")},
        "preview": {"url": f"{base}/preview?id={{{{id}}}}", "width": WIDTH, "height": HEIGHT},
        "suggest": {name: _suggest(base, name) for name in ("entity", "type", "property")},
        "extend": {
            "propose_properties": {"service_url": base, "service_path": "/extend/propose"},
            "property_settings": [],
        },
        "batchSize": BATCH,
    }


def draft_manifest(place: Place) -> Json:
    """The manifest of the draft of 1.0."""
    return {
        "versions": ["1.0-draft"],
        "name": place.name,
        "lang": "ja",
        "dir": "ltr",
        "documentation": f"{place.root}docs",
        "serviceVersion": place.version,
        "identifierSpace": place.names.entity("") if place.ours else place.root,
        "schemaSpace": place.names.term(""),
        "defaultTypes": _default_types(place),
        "view": {"url": place.view("{id}")},
        "preview": {"width": WIDTH, "height": HEIGHT},
        "suggest": {"entity": True, "property": True, "type": True},
        "extend": {"proposeProperties": True, "propertySettings": []},
        "standardizedScore": True,
        "batchSize": BATCH,
    }


def _suggest(base: str, name: str) -> Json:
    return {
        "service_url": base,
        "service_path": f"/suggest/{name}",
        "flyout_service_url": base,
        "flyout_service_path": f"/flyout/{name}?id=${{id}}",
    }


def _default_types(place: Place) -> list[Json]:
    names = DEFAULTS if place.ours else ()
    return [{"id": name, "name": CLASSES[name].ja} for name in names]
