"""What Prometheus is told: requests, queries, caches, builds; right for all server processes.

Where several processes serve, each keeps its numbers in files of a shared folder, and whichever
is asked adds them up (the library's multiprocess mode). What is counted elsewhere (killed
workers, cache hits) is read once a second, and when somebody asks.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from service.operating.shared import shared_folder

#: seconds; from a cached look-up to a query at its time limit
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "QUERY", "PUT", "DELETE", "PATCH"})
_LIVE: Final = re.compile(r"gauge_live\w+_(\d+)\.db")


@dataclass(frozen=True)
class Reading:
    """What one source counts: gauges as they are, counters since it began."""

    gauges: Mapping[str, float]
    counters: Mapping[str, float]


class _Told(Collector):
    """What is counted, and one metric whose labels tell of the graph."""

    def __init__(self, counted: Collector, labels: Mapping[str, str]) -> None:
        self._counted = counted
        self._labels = labels

    def collect(self) -> Iterable[Metric]:
        """The metrics."""
        family = GaugeMetricFamily("ccgraph_graph_info", "The graph served", labels=[*self._labels])
        family.add_metric(list(self._labels.values()), 1)
        yield family
        yield from self._counted.collect()


class Metrics:
    """The instruments of one server process."""

    def __init__(self) -> None:
        self._folder = shared_folder()
        own = self._registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self._requests = Counter("ccgraph_requests", "Requests", labels, registry=own)
        self._seconds = Histogram(
            "ccgraph_request_seconds", "Time to answer", ["route"], buckets=_BUCKETS, registry=own
        )
        self._gauges = {
            name: Gauge(f"ccgraph_{name}", text, multiprocess_mode="livesum", registry=own)
            for name, text in _GAUGES.items()
        }
        self._counters = {
            name: Counter(f"ccgraph_{name}", text, registry=own) for name, text in _COUNTERS.items()
        }
        self._kills = Counter(
            "ccgraph_sparql_kills", "Query workers ended", ["reason"], registry=own
        )
        self._swaps = Counter("ccgraph_swaps", "Builds taken or refused", ["result"], registry=own)
        self._seen: WeakKeyDictionary[object, Mapping[str, float]] = WeakKeyDictionary()
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._gauges["server_processes"].set(1)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        key = (method, route, status)
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = self._child(key)
        found[0].inc()
        found[1].observe(seconds)

    def swapped(self, result: str) -> None:
        """A build was `swapped` in, or `refused`."""
        self._swaps.labels(result).inc()

    def take(self, source: object, reading: Reading) -> None:
        """What a source counts now; what it counted before is known."""
        for name, value in reading.gauges.items():
            self._gauges[name].set(value)
        before = self._seen.get(source, {})
        for name, value in reading.counters.items():
            if (more := value - before.get(name, 0)) > 0:
                self._counter(name).inc(more)
        self._seen[source] = dict(reading.counters)

    def exposed(self, accept: str, graph: Mapping[str, str]) -> tuple[bytes, str]:
        """The text for Prometheus, of all processes, and its media type."""
        encode, kind = choose_encoder(accept)
        counted = self._registry if self._folder is None else self._merged(self._folder)
        return encode(_Told(counted, graph)), kind

    def _child(self, key: tuple[str, str, int]) -> tuple[Counter, Histogram]:
        method, route, status = key
        known = method if method in _METHODS else "OTHER"
        return self._requests.labels(known, route, str(status)), self._seconds.labels(route)

    def _counter(self, name: str) -> Counter:
        kind, _, reason = name.partition(":")
        return self._kills.labels(reason) if kind == "kills" else self._counters[name]

    def _merged(self, folder: Path) -> Collector:
        _bury(folder)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
        return registry


_GAUGES: Final = {
    "sparql_queue": "Queries that wait for a worker",
    "sparql_workers": "Query workers that are loaded",
    "sparql_workers_busy": "Query workers that evaluate",
    "cache_bytes": "Bytes in the answer cache",
    "cache_entries": "Answers in the answer cache",
    "server_processes": "Server processes",
}
_COUNTERS: Final = {"cache_hits": "Answers from the cache", "cache_misses": "Answers not cached"}


def _bury(folder: Path) -> None:
    """Leave out what processes that are no more said of themselves."""
    pids = {int(found[1]) for path in folder.iterdir() if (found := _LIVE.fullmatch(path.name))}
    for pid in pids - {os.getpid()}:
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
