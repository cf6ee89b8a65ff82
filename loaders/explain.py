"""Why an id is what it is: what the registry and the current build know of it."""

from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import Literal, NamedNode, RdfFormat, Store

from loaders.registry import Row, load_registry
from ontology.artefact import CURRENT, GRAPH, damage, read_manifest
from ontology.terms import CLASSES, DEFAULT_BASE, PROV, SKOS, Names

_WHY = {
    True: "文書のコードがそのまま id / the document's code is the id",
    False: "コードがないので台帳が番号を付けた / no code, so the registry gave a number",
}
_STATUS = {"active": "有効 / active", "retired": "廃止 / retired"}


def explain(id: str, data: Path, registry: Path) -> dict[str, object] | None:
    """What is known of an id, as named facts; `None` where the registry does not know it.

    Raises `RegistryError` on a damaged registry; of a damaged build it says what is broken.
    """
    known = load_registry(registry)
    row = known.rows.get(id)
    if row is None:
        return None
    mine = id in known.overlaid
    return {
        "id": id,
        "why": _WHY[_is_coded(row)],
        "class": f"{CLASSES[row.kind].ja} / {row.kind}",
        "parent": row.parent,
        "status": _STATUS[row.status],
        "since": row.created,
        "modified": row.modified,
        "replaced by": row.replaced_by.split(),
        "registry": f"{registry}" if mine else "パッケージ / packaged",
        "text hashes": [text.hash for text in row.texts],
        **_in_build(id, data),
    }


def _is_coded(row: Row) -> bool:
    minted = CLASSES[row.kind].minted
    return minted is None or (row.kind == "Domain" and row.number is None)


def _in_build(id: str, data: Path) -> dict[str, object]:
    """Label and places of the entity in the current build, if there is one."""
    folder = data / CURRENT
    if not folder.exists():
        return {}
    if broken := damage(folder):
        return {"build": f"壊れています / damaged: {', '.join(broken)}"}
    store = Store()
    store.bulk_load(path=str(folder / GRAPH), format=RdfFormat.N_QUADS)
    entity = NamedNode(Names(_base(store)).entity(id))
    documents = {row["id"]: row["name"] for row in read_manifest(folder)["documents"]}
    return {"label": list(_labels(store, entity)), "text": list(_places(store, entity, documents))}


def _base(store: Store) -> str:
    """The base that a graph was built on, from the names of its graphs."""
    names = (graph.value for graph in store.named_graphs() if isinstance(graph, NamedNode))
    found = (name.rpartition("graph/")[0] for name in sorted(names) if "graph/" in name)
    return next(found, DEFAULT_BASE)


def _labels(store: Store, entity: NamedNode) -> Iterator[str]:
    for quad in store.quads_for_pattern(entity, NamedNode(f"{SKOS}prefLabel"), None):
        if isinstance(quad.object, Literal) and quad.object.language == "ja":
            yield quad.object.value


def _places(store: Store, entity: NamedNode, documents: dict[str, str]) -> Iterator[str]:
    for quad in store.quads_for_pattern(entity, NamedNode(f"{PROV}wasDerivedFrom"), None):
        if isinstance(quad.object, NamedNode):
            source, _, place = quad.object.value.rpartition("#")
            digest = source.rpartition("/")[2]
            yield f"{documents.get(digest, digest)} {place}"
