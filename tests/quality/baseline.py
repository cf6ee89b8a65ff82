"""Measure the open edition and write `baseline.json`: `python tests/quality/baseline.py DATA`.

Only to accept a change that was meant; say in the commit what it gains and loses. DATA is a data
directory with a current build of the open edition by the packaged encoder.
"""

import json
import sys
from pathlib import Path

from service.boot import open_graph, open_search
from service.retrieval.evaluation import evaluate_file
from service.settings import Settings

HERE = Path(__file__).parent


def main(data: Path) -> None:
    settings = Settings(data=data)
    graph, file = open_graph(settings)
    report = evaluate_file(HERE / "queries.json", graph, open_search(settings, graph, file))
    values = {key: round(value, 4) for key, value in report.queries.items()}
    lines = ",\n".join(f' "{key}": {value}' for key, value in values.items())
    (HERE / "baseline.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    print(json.dumps({"mean": report.overall.mean, "queries": report.overall.queries}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
