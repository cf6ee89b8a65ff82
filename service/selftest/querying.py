"""SPARQL 1.1 Protocol, query only."""

from typing import Final

from service.selftest.client import Service, Unmet
from service.selftest.linked_data import FORMATS

JSON: Final = "application/sparql-results+json"
SELECT: Final = "SELECT ?s WHERE { ?s ?p ?o } LIMIT 1"
_SELECTED: Final = (JSON, "application/sparql-results+xml", "text/csv", "text/tab-separated-values")
_FORM: Final = "application/x-www-form-urlencoded"
_DIRECT: Final = "application/sparql-query"
_CONSTRUCT: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 3"
_SERVICE: Final = "SELECT * WHERE { SERVICE SILENT <urn:ccgraph:selftest> { ?s ?p ?o } }"
_UPDATE: Final = "DELETE WHERE { <urn:ccgraph:selftest> <urn:ccgraph:selftest> ?o }"


def by_get(service: Service) -> str:
    """A query in the address."""
    for path in ("sparql", "sparql/"):
        found = service.get(path, JSON, query=SELECT).expect(200, JSON).json()
        if len(found["results"]["bindings"]) != 1:
            raise Unmet(f"/{path}: {len(found['results']['bindings'])} rows")
    return "200, 1 row, /sparql and /sparql/"


def by_post(service: Service) -> str:
    """A query in a form, and as the body itself."""
    accept = {"Accept": JSON}
    service.send("POST", "sparql", headers=accept, form={"query": SELECT}).expect(200, JSON)
    direct = {**accept, "Content-Type": _DIRECT}
    service.send("POST", "sparql", headers=direct, content=SELECT).expect(200, JSON)
    return "200 form, 200 direct"


def select_formats(service: Service) -> str:
    """Rows in every form."""
    for type in _SELECTED:
        service.get("sparql", type, query=SELECT).expect(200, type)
    service.get("sparql", JSON, query="ASK {}").expect(200, JSON)
    return f"{len(_SELECTED)} SELECT, ASK"


def graph_formats(service: Service) -> str:
    """Triples in every form."""
    for type in FORMATS.values():
        found = service.get("sparql", type, query=_CONSTRUCT).expect(200, type).triples()
        if not found:
            raise Unmet(f"{type}: no triples")
    return f"{len(FORMATS)} CONSTRUCT"


def bad_query(service: Service) -> str:
    """What is no query is 400, with where it goes wrong; two queries, and none, as well."""
    problem = service.get("sparql", query="SELECT WHERE {").expect(400).json()
    place = f"line {problem['line']}, column {problem['column']}"
    for query in ("query=ASK%7B%7D&query=ASK%7B%7D", ""):
        headers = {"Content-Type": _FORM}
        service.send("POST", "sparql", headers=headers, content=query).expect(400)
    return f"400 {place}"


def forbidden(service: Service) -> str:
    """SERVICE and updates are 403: nothing is fetched, nothing changed."""
    service.get("sparql", query=_SERVICE).expect(403)
    service.send("POST", "sparql", form={"update": _UPDATE}).expect(403)
    return "403 SERVICE, 403 update"


def unacceptable(service: Service) -> str:
    """A form that there is not is 406."""
    service.get("sparql", "image/png", query=SELECT).expect(406)
    body = {"Content-Type": "text/plain"}
    service.send("POST", "sparql", headers=body, content=SELECT).expect(415)
    return "406, 415"


def description(service: Service) -> str:
    """Without a query, the service describes itself."""
    found = service.get("sparql", "text/turtle").expect(200, "text/turtle").triples()
    if not any(each.predicate.value.endswith("#endpoint") for each in found):
        raise Unmet("no sd:endpoint")
    return f"{len(found)} triples"
