"""1EdTech CASE 1.1: frameworks in the shapes of its REST binding.

What has a name in the graph keeps it as `uri`; what has none is addressed where it is served.
Identifiers are UUIDs made from names. Information model: 1EdTech CASE Service 1.1.
"""

from dataclasses import dataclass
from typing import Any, Final

from service.graph.entities import Link
from service.interchange.frameworks import Association, Framework, Item, identifier
from service.interchange.reader import Frameworks

#: where the binding stands, below the service's root
PATH: Final = "ims/case/v1p1"
VERSION: Final = "1.1"
_LANGUAGE: Final = "ja"

Document = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """The documents of CASE for a service at `root`.

    `changed` is when the graph was made (ISO 8601), `licence` the licence's IRI or blank, `creator`
    who wrote the edition; a framework of somebody else is by whom it is called after.
    """

    frameworks: Frameworks
    root: str
    changed: str
    licence: str = ""
    creator: str = ""

    def documents(self) -> list[Document]:
        """The CFDocuments of all frameworks."""
        return [self.document(each) for each in self.frameworks.all.values()]

    def document(self, framework: Framework) -> Document:
        """A CFDocument."""
        package = self._link(
            framework.link.label, framework.id, self._place("CFPackages", framework.id)
        )
        return {**self._document(framework), "CFPackageURI": package}

    def package(self, framework: Framework) -> Document:
        """A CFPackage: the whole framework in one."""
        kinds = {item.link.kind.uri for item in framework.items if item.link.kind}
        types = [link for link in self.frameworks.kinds.values() if link.uri in kinds]
        definitions = {"CFItemTypes": [self.item_type(each) for each in types]}
        if self.licence:
            definitions["CFLicenses"] = [self.license()]
        return {
            "CFDocument": self._document(framework),
            "CFItems": [self._item(each) for each in framework.items],
            "CFAssociations": [self._association(each) for each in framework.associations],
            "CFDefinitions": definitions,
        }

    def item(self, item: Item) -> Document:
        """A CFItem."""
        return {**self._item(item), "CFDocumentURI": self._framework(self.frameworks.of(item))}

    def item_associations(self, item: Item) -> Document:
        """An item with the associations that it is an end of."""
        found = self.frameworks.about(item)
        return {
            "CFItem": self.item(item),
            "CFAssociations": [self._association(each) for each in found],
        }

    def association(self, association: Association, framework: Framework) -> Document:
        """A CFAssociation; its document is the one its origin is in."""
        return {**self._association(association), "CFDocumentURI": self._framework(framework)}

    def item_type(self, kind: Link) -> Document:
        """A CFItemType: a class of entities."""
        return {
            "identifier": identifier(kind.uri),
            "uri": kind.uri,
            "title": kind.label,
            "description": kind.id,
            "hierarchyCode": kind.id,
            "lastChangeDateTime": self.changed,
        }

    def license(self) -> Document:
        """The CFLicense of the edition."""
        return {
            "identifier": identifier(self.licence),
            "uri": self.licence,
            "title": self.licence,
            "licenseText": self.licence,
            "lastChangeDateTime": self.changed,
        }

    def _document(self, framework: Framework) -> Document:
        known = {
            "identifier": framework.id,
            "uri": framework.link.uri,
            "frameworkType": "competency",
            "caseVersion": VERSION,
            "creator": self.creator or framework.link.label,
            "title": framework.link.label,
            "lastChangeDateTime": self.changed,
            "officialSourceURL": framework.link.uri,
            "notes": framework.rights,
            "language": _LANGUAGE,
            "version": framework.version,
            "adoptionStatus": "Deprecated" if framework.superseded else "Adopted",
            "licenseURI": self._license(),
        }
        return {key: value for key, value in known.items() if value}

    def _item(self, item: Item) -> Document:
        kind = item.link.kind
        known = {
            "identifier": identifier(item.link.uri),
            "fullStatement": item.definition or item.link.label,
            "alternativeLabel": item.english,
            "CFItemType": kind.ja if kind else "",
            "uri": item.link.uri,
            "humanCodingScheme": item.link.notation,
            "abbreviatedStatement": item.link.label if item.definition else "",
            "conceptKeywords": list(item.aliases),
            "notes": item.gloss,
            "language": _LANGUAGE,
            "CFItemTypeURI": kind and self._link(kind.ja, identifier(kind.uri), kind.uri),
            "licenseURI": self._license(),
            "lastChangeDateTime": self.changed,
        }
        return {key: value for key, value in known.items() if value}

    def _association(self, association: Association) -> Document:
        known = {
            "identifier": association.id,
            "associationType": association.kind,
            "sequenceNumber": association.place,
            "uri": association.uri or self._place("CFAssociations", association.id),
            "originNodeURI": self._node(association.origin),
            "destinationNodeURI": self._node(association.target),
            "lastChangeDateTime": self.changed,
            "notes": association.notes,
        }
        return {key: value for key, value in known.items() if value}

    def _node(self, link: Link) -> Document:
        own = self._link(link.label, identifier(link.uri), link.uri)
        return {**own, "targetType": "CASE"} if link.inside else own

    def _framework(self, framework: Framework) -> Document:
        return self._link(framework.link.label, framework.id, framework.link.uri)

    def _license(self) -> Document | None:
        if not self.licence:
            return None
        return self._link(self.licence, identifier(self.licence), self.licence)

    def _link(self, title: str, id: str, uri: str) -> Document:
        return {"title": title, "identifier": id, "uri": uri}

    def _place(self, kind: str, id: str) -> str:
        return f"{self.root}{PATH}/{kind}/{id}"
