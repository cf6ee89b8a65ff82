"""How well skill names of job advertisements are reconciled, on a build with its index.

    python benchmarks/skill_names.py --data DIR [--lines 1000]

Prints the names whose first candidate is wrong, the matches that were said to be safe and were
not, and how long a long list takes, encoding included.
"""

import argparse
import json
import time
from pathlib import Path

from service.boot import open_graph, open_search
from service.reconciling.matcher import Matcher
from service.reconciling.model import Wanted
from service.reconciling.properties import Facts
from service.settings import Settings

JUDGED = Path(__file__).parents[1] / "tests" / "quality" / "skill_names.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="data")
    parser.add_argument("--lines", type=int, default=1000)
    given = parser.parse_args()
    settings = Settings.read({}, data=given.data)
    graph, path = open_graph(settings)
    matcher = Matcher(open_search(settings, graph, path), Facts(graph))
    judged = json.loads(JUDGED.read_text(encoding="utf-8"))
    print(f"graph {graph.version}, encoder {matcher.search.encoder}")
    _names(matcher, judged["names"])
    for group, texts in judged["strangers"].items():
        found = matcher.in_turn([Wanted(text=text) for text in texts])
        false = [text for text, each in zip(texts, found, strict=True) if each and each[0].match]
        print(f"{group}: {len(false)} of {len(texts)} matched {' '.join(false)}")
    _long(matcher, [row["name"] for row in judged["names"]], given.lines)


def _names(matcher: Matcher, rows: list[dict[str, list[str]]]) -> None:
    found = list(matcher.in_turn([Wanted(text=str(row["name"])) for row in rows]))
    pairs = [(row, each[0]) for row, each in zip(rows, found, strict=True)]
    wrong = [(row, each) for row, each in pairs if each.entry.id not in row["right"]]
    sure = [(row, each) for row, each in pairs if each.match]
    false = [each.entry.id for row, each in sure if each.entry.id not in row["right"]]
    within = sum(
        any(each.entry.id in row["right"] for each in candidates[:3])
        for row, candidates in zip(rows, found, strict=True)
    )
    print(f"right first {len(rows) - len(wrong)} of {len(rows)}, in the first three {within}")
    print(f"said to be safe {len(sure)}, of these false {len(false)} {' '.join(false)}")
    for row, each in wrong:
        print(f"  {row['name']}: {each.entry.id} ({each.score}), right: {' '.join(row['right'])}")


def _long(matcher: Matcher, names: list[str], lines: int) -> None:
    texts = [f"{names[at % len(names)]} {at}" for at in range(lines)]
    begun, used = time.perf_counter(), time.process_time()
    sum(1 for _ in matcher.in_turn([Wanted(text=text) for text in texts]))
    wall, own = time.perf_counter() - begun, time.process_time() - used
    print(f"{lines} lines in {wall:.1f} s, {own:.1f} s of processor time")


if __name__ == "__main__":
    main()
