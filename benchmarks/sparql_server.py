"""`/sparql` as it is served, over a graph file and without the search: `sparql.py` starts it.

Settings come from the environment, as everywhere: CCGRAPH_GRAPH, CCGRAPH_PORT, …
"""

import argparse
import os

import uvicorn

from service.app import create_app
from service.boot import open_graph
from service.http.lenient import LenientProtocol
from service.pages.rendering import make_pages
from service.settings import Settings
from service.state import State


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    settings = Settings.read(os.environ)
    graph, path = open_graph(settings)
    pages = make_pages(graph, {}, {})
    state = State(settings=settings, graph=graph, graph_path=path, pages=pages)
    uvicorn.run(
        create_app(state),
        host=settings.host,
        port=settings.port,
        http=LenientProtocol,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
