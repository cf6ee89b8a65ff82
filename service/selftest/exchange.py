"""Descriptions and dumps, reconciliation, learning systems, badges."""

import json
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Triple

from service.selftest.client import NotApplicable, Service, Unmet

JSON: Final = "application/json"
_VOID: Final = "http://rdfs.org/ns/void#"
_CASE: Final = "ims/case/v1p1"
#: the most triples of a dump that is read to its end
_SMALL: Final = 100_000


def void(service: Service) -> str:
    """The description says where the endpoint and the dumps are, below the same root."""
    found = service.get("void.ttl").expect(200, "text/turtle").triples()
    service.get(".well-known/void", "application/ld+json").expect(200, "application/ld+json")
    endpoints = _objects(found, "sparqlEndpoint")
    dumps = _objects(found, "dataDump")
    if not endpoints or not dumps:
        raise Unmet(f"{len(endpoints)} endpoints, {len(dumps)} dumps")
    strange = [each for each in (*endpoints, *dumps) if not each.startswith(service.root)]
    if strange:
        raise Unmet(f"not below {service.root}: {strange[0]}")
    return f"{len(endpoints)} endpoint, {len(dumps)} dumps"


def dumps(service: Service) -> str:
    """The dumps are there; the smallest is read and counted."""
    service.send("HEAD", "dump/all.nq.gz").expect(200)
    found = service.get("void.ttl").expect(200).triples()
    sizes = {
        triple.subject.value: int(triple.object.value)
        for triple in found
        if triple.predicate.value == _VOID + "triples"
        and isinstance(triple.subject, NamedNode)
        and isinstance(triple.object, Literal)
    }
    dumped = {
        each.subject.value
        for each in found
        if isinstance(each.subject, NamedNode) and each.predicate.value == _VOID + "dataDump"
    }
    graphs = dumped.intersection(_objects(found, "subset"))
    if not graphs:
        return "HEAD dump/all.nq.gz: 200"
    smallest = min(graphs, key=lambda each: (sizes.get(each, 0), each))
    name, size = smallest.rpartition("/")[2], sizes.get(smallest, 0)
    if size > _SMALL:
        return f"HEAD dump/all.nq.gz: 200; {name} has {size} triples"
    read = len(set(service.get(f"dump/{name}.ttl").expect(200, "text/turtle").triples()))
    if read != size:
        raise Unmet(f"dump/{name}.ttl: {read} triples, not {size}")
    return f"dump/{name}.ttl: {read} triples"


def reconciliation(service: Service) -> str:
    """OpenRefine's protocol 0.2: the manifest, and a name that is found."""
    manifest = service.get("reconcile", JSON).expect(200, JSON).json()
    if "0.2" not in manifest.get("versions", ()) or not manifest.get("identifierSpace"):
        raise Unmet(f"manifest: {sorted(manifest)}")
    queries = {"q0": {"query": service.subject.label, "limit": 5}}
    form = {"queries": json.dumps(queries, ensure_ascii=False)}
    found = service.send("POST", "reconcile", form=form).expect(200, JSON).json()
    return _candidates(service, found["q0"]["result"])


def reconciliation_draft(service: Service) -> str:
    """The protocol's 1.0 draft: the manifest, and a name that is found."""
    manifest = service.get("reconcile/v1", JSON).expect(200, JSON).json()
    if "1.0-draft" not in manifest.get("versions", ()):
        raise Unmet(f"versions: {manifest.get('versions')}")
    condition = {"matchType": "name", "propertyValue": service.subject.label}
    body = json.dumps({"queries": [{"conditions": [condition], "limit": 5}]}, ensure_ascii=False)
    headers = {"Content-Type": JSON}
    answer = service.send("POST", "reconcile/v1/match", headers=headers, content=body)
    return _candidates(service, answer.expect(200, JSON).json()["results"][0]["candidates"])


def _candidates(service: Service, found: list[dict[str, Any]]) -> str:
    label, own = service.subject.label, service.subject.local or service.subject.uri
    if not any(each["id"] == own or each["name"] == label for each in found):
        raise Unmet(f"「{label}」 is not among {len(found)} candidates")
    strange = [each for each in found if not isinstance(each["score"], int | float)]
    if strange or sum(bool(each.get("match")) for each in found) > 1:
        raise Unmet(f"scores and matches of 「{label}」")
    return f"「{label}」: {found[0]['id']} {found[0]['score']}"


def frameworks(service: Service) -> str:
    """1EdTech CASE 1.1: the list, one document, its package."""
    documents = service.get(f"{_CASE}/CFDocuments", JSON).expect(200, JSON).json()["CFDocuments"]
    if not documents:
        raise NotApplicable("no frameworks in this graph")
    id = documents[0]["identifier"]
    service.get(f"{_CASE}/CFDocuments/{id}", JSON).expect(200, JSON)
    package = service.get(f"{_CASE}/CFPackages/{id}", JSON).expect(200, JSON).json()
    if package["CFDocument"]["identifier"] != id or not package["CFItems"]:
        raise Unmet(f"package {id}: {sorted(package)}")
    fault = service.get(f"{_CASE}/CFItems/nope", JSON).expect(404, JSON).json()
    if fault.get("imsx_codeMajor") != "failure":
        raise Unmet(f"404 without imsx_codeMajor: {sorted(fault)}")
    return f"{len(documents)} frameworks; {len(package['CFItems'])} items"


def badges(service: Service) -> str:
    """Open Badges 3.0: the alignment of an entity."""
    subject = service.subject
    path = f"badges/alignment/{subject.local}" if subject.local else "badges/alignment"
    found = service.get(path, JSON, **subject.params).expect(200, JSON).json()
    if "Alignment" not in found["type"] or found["targetUrl"] != subject.uri:
        raise Unmet(f"alignment with {found.get('targetUrl')}")
    return f"{found['targetName']} ({found.get('targetType')})"


def _objects(triples: list[Triple], name: str) -> list[str]:
    found = (t.object for t in triples if t.predicate.value == _VOID + name)
    return [each.value for each in found if isinstance(each, NamedNode)]
