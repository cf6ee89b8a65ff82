"""Send a service thousands of broken requests and see that none breaks it.

    python tests/fuzz.py --count 10000                   # over the open edition, built first
    python tests/fuzz.py --count 200 --url http://127.0.0.1:8000/

Queries are those of `queries/` and a few that use every corner of the grammar, mutated; bodies,
headers and addresses are random. A failure is an answer of 5xx that is not the 503 of a query out
of time, a worker that died, an error that is no problem document, or no answer at all. The same
seed sends the same requests; each failure is printed with its number. Exit 1 where there is one.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import quote

import httpx

PROJECT = Path(__file__).parents[1]
SNIPPETS = (
    "SELECT * { ?s ?p ?o } LIMIT 3",
    "ASK { ?s !(<a:b>|^<c:d>) ?o . FILTER NOT EXISTS { ?s a ?t } }",
    "CONSTRUCT { _:b <x:p> ( 1 2.0 3e0 ) } WHERE { ?s ?p [ <x:q> true ] } LIMIT 2",
    "DESCRIBE <https://w3id.org/ccgraph/id/cmbok2.HR-5>",
    "SELECT (COUNT(DISTINCT ?s) AS ?n) (SAMPLE(?o) AS ?x) { ?s ?p ?o } GROUP BY ?p HAVING (?n > 1)",
    "SELECT ?s { { SELECT ?s { ?s a ?t } LIMIT 2 } UNION { ?s ?p 'a'@ja } MINUS { ?s ?p 1 } }",
    "SELECT * { VALUES (?a ?b) { (1 UNDEF) ('x'^^<y:z> <w:v>) } BIND(IF(?a > 0, ?a, 1/0) AS ?c) }",
    "SELECT * { ?s <a:b>/<c:d>*|^<e:f>+ ?o OPTIONAL { GRAPH ?g { ?s ?q ?r } } } OFFSET 1 LIMIT 1",
    "SELECT (REPLACE(STR(?s), '(a)(b)?', '$1') AS ?x) { ?s ?p ?o FILTER REGEX(?o, '[', 'q') }",
    "BASE <http://x/> PREFIX : <#> SELECT * FROM <g> FROM NAMED :h { GRAPH <g> { ?s :p ?o } }",
    "SELECT (SHA512(STR(NOW())) AS ?h) (STRDT('1', <x:y>) AS ?d) (SUBSTR('abc', -1, 9) AS ?t) {}",
    "PREFIX cco: <https://w3id.org/ccgraph/ontology#> SELECT ?c { ?c a cco:Competency }"
    " ORDER BY DESC(cco:similarity(?c, '怒っているお客様')) LIMIT 2",
    "PREFIX cco: <https://w3id.org/ccgraph/ontology#> SELECT ?c { ?c a ?t"
    ' FILTER(cco:matches(?c, CONCAT(\'研\', """修""")) > 0.1) }',
)
PIECES = (
    *("SERVICE", "LOAD", "\\u0053ERVICE", "INSERT", "<", ">", "{", "}", "(", ")", "[", "]", "."),
    *('"', "'", '"""', "\\", "\\u0000", "\\uD800", "\\U0010FFFF", "@", "^^", "?", "$", "_:", "#"),
    *("UNION", "OPTIONAL", "EXISTS", "VALUES", "UNDEF", "LATERAL", "TRIPLE", "<<", ">>", "<<("),
    *("1e999", "-9223372036854775809", "0.0", "NaN", "'x'^^<http://www.w3.org/2001/XMLSchema#int>"),
    *("\0", "\ufeff", "\u202e", "𠮷", "ｈｒ５", "%", "%4", "%00", "\r\n", "a" * 300, "🙂", "é"),
    *("IN", "*", "+", "/", "|", "!", "&&", "||", "=", ",", ";", "LIMIT 99999999999999999999"),
)
ACCEPTS = (
    *("*/*", "text/html", "application/sparql-results+json", "text/csv", "text/turtle", "x"),
    *("image/png", "text/html;q=0, */*;q=2", "a/b;q=", ",,;;=", "application/ld+json;q=0.1"),
)
TYPES = (
    *("application/sparql-query", "application/x-www-form-urlencoded", "text/plain", "", "a/b;"),
    *("application/sparql-query; charset=utf-16", "multipart/form-data; boundary=x", "/", ";;"),
)
PLACES = (
    *("search?q={}", "search?q=研修&kind={}", "search?q={}&limit={}", "suggest?prefix={}"),
    *("mappings?subject={}", "mappings?predicate={}&offset={}", "code/{}", "id/{}", "page/{}"),
    *("data/{}.ttl", "data/{}", "page?uri={}", "queries/{}", "graph/{}", "source/{}", "{}"),
    *("queries/tasks-for-competency?competency={}", "sparql?query={}", "sparql?{}", "dump/{}"),
)


@dataclass
class Findings:
    """What came back: how often each status, and the failures with the request's number."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def queries() -> list[str]:
    files = sorted((PROJECT / "queries").glob("*.rq"))
    return [*SNIPPETS, *(path.read_text(encoding="utf-8") for path in files)]


def mutated(random: Random, texts: list[str]) -> str:
    """One of the texts, changed in one to six places."""
    text = random.choice(texts)
    for _ in range(random.randint(1, 6)):
        start = random.randrange(len(text) + 1)
        end = min(len(text), start + random.choice((0, 0, 1, 2, 8, 30)))
        middle = random.choice(
            ("", random.choice(PIECES), text[start:end] * 3, random.choice(texts)[start:end])
        )
        text = text[:start] + middle + text[end:]
    return text


def word(random: Random) -> str:
    kinds = ("HR-5", "cmbok2.HR-5", "task.E034", "コーチング", "-1", "1e9", "https://x/", "../..")
    pieces = random.choices((*PIECES, *kinds), k=random.randint(0, 4))
    return "".join(pieces)


def request(random: Random, texts: list[str]) -> dict[str, object]:
    """The next request: method, address below the root, headers, body."""
    headers = {"Accept": random.choice(ACCEPTS)}
    if random.random() < 0.1:
        headers |= {"If-None-Match": random.choice(('"x"', "*", 'W/"', ",")), "Origin": "null"}
    if random.random() < 0.4:
        address = random.choice(PLACES).replace("{}", "\0")
        while "\0" in address:
            address = address.replace(
                "\0", quote(word(random), safe=random.choice(("", "/&=?+"))), 1
            )
        method = random.choice(("GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "DELETE"))
        return {"method": method, "url": address, "headers": headers}
    text = mutated(random, texts)
    way = random.randrange(4)
    if way == 0:
        query = quote(text.encode("utf-8", "replace"))
        return {"method": "GET", "url": f"sparql?query={query}&timeout=1", "headers": headers}
    if way == 1:
        body = b"query=" + quote(text.encode("utf-8", "replace")).encode()
        headers["Content-Type"] = TYPES[1]
    elif way == 2:
        body = text.encode("utf-8", "replace")
        headers["Content-Type"] = TYPES[0]
    else:
        body = random.randbytes(random.randint(0, 300)) + text.encode("utf-8", "replace")[:50]
        headers["Content-Type"] = random.choice(TYPES)
    return {"method": "POST", "url": "sparql", "headers": headers, "content": body}


def fuzz(root: str, count: int, seed: int, tell: Callable[[int], None]) -> Findings:
    """Send `count` requests, one after another."""
    random, texts, found = Random(seed), queries(), Findings()
    with httpx.Client(base_url=root, timeout=30) as client:
        for number in range(count):
            sent = request(random, texts)
            try:
                answer = client.request(**sent)  # type: ignore[arg-type]
            except httpx.InvalidURL:
                continue
            except httpx.HTTPError as error:
                found.failures.append(f"{number}: {error!r}: {sent}")
                continue
            found.statuses[answer.status_code] += 1
            if wrong := fault(answer):
                found.failures.append(f"{number}: {wrong}: {sent}")
            tell(number)
        last = client.get("sparql", params={"query": "ASK {}"})
        if last.status_code != 200:
            found.failures.append(f"afterwards: {last.status_code} {last.text}")
    return found


def fault(answer: httpx.Response) -> str | None:
    """What is wrong with an answer, `None` where it is right or rightly refused."""
    status = answer.status_code
    if status == 503 and "memory" in answer.text:
        return "a worker died"
    if status >= 500 and status != 503:
        return f"{status} {answer.text[:200]}"
    kind = answer.headers.get("content-type", "")
    if (
        status >= 400
        and answer.content
        and not kind.startswith(("application/problem+json", "text/html", "text/plain", *RDF))
    ):
        return f"{status} as {kind}"
    if kind.startswith("application/problem+json") and answer.content:
        return None if json.loads(answer.text)["status"] == status else "another status inside"
    return None


#: a retired entity is told of in the negotiated format
RDF = ("text/turtle", "application/ld+json", "application/rdf+xml", "application/n-triples")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A server over the open edition, which is built first."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"CCGRAPH_ENCODER": "ngram", "CCGRAPH_QUERY_TIMEOUT": "2"}
    command = (sys.executable, "-m", "service", "serve", "--data", str(folder), "--port", str(port))
    environ = {**os.environ, **settings, "CCGRAPH_LOG_LEVEL": "error"}
    with subprocess.Popen(command, cwd=PROJECT, env=environ, stdout=sys.stderr) as server:
        try:
            yield awaited(f"http://127.0.0.1:{port}/", server)
        finally:
            server.terminate()


def awaited(root: str, server: "subprocess.Popen[bytes]") -> str:
    while server.poll() is None:
        try:
            if httpx.get(root + "health/ready").status_code == 200:
                return root
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--url", help="a running service; else one is started")
    asked = parser.parse_args()

    def tell(number: int) -> None:
        if sys.stderr.isatty() and number % 100 == 0:
            sys.stderr.write(f"\r{number}/{asked.count}")

    if asked.url:
        found = fuzz(asked.url, asked.count, asked.seed, tell)
    else:
        with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as root:
            found = fuzz(root, asked.count, asked.seed, tell)
    for failure in found.failures:
        print(failure)
    print(dict(sorted(found.statuses.items())), f"failures: {len(found.failures)}")
    raise SystemExit(bool(found.failures))


if __name__ == "__main__":
    main()
