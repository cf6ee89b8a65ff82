"""Write the golden rows of queries/*.json anew: `python tests/golden.py [NAME ...]`.

Run it after a change of documents, vocabulary or mappings, and read the difference: parameters
and columns stay, the rows are the answers on the open edition.
"""

import json
import sys
from datetime import date

from pyoxigraph import RdfFormat, Store

from loaders.build import build
from loaders.registry import load_registry
from ontology.terms import Names
from service.graph.questions import HOME, Question, ask, load_questions
from service.graph.store import Graph, graph_version


def open_graph() -> Graph:
    built = build([], load_registry(), Names(), today=date(2026, 11, 23))
    store = Store()
    store.load(built.nquads, format=RdfFormat.N_QUADS)
    return Graph.merged(store, Names(), graph_version(store))


def refresh(question: Question, graph: Graph) -> None:
    path = HOME / f"{question.name}.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    answer = ask(question, graph, known["params"])
    rows = [[row[column] for column in known["columns"]] for row in answer.rows]
    lines = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in rows)
    head = {key: json.dumps(known[key], ensure_ascii=False) for key in ("params", "columns")}
    text = f'{{\n  "params": {head["params"]},\n  "columns": {head["columns"]},\n  "rows": [\n'
    path.write_text(f"{text}{lines}\n  ]\n}}\n" if rows else f"{text[:-1]}]\n}}\n", "utf-8")


if __name__ == "__main__":
    graph = open_graph()
    for name, question in load_questions().items():
        if not sys.argv[1:] or name in sys.argv[1:]:
            refresh(question, graph)
