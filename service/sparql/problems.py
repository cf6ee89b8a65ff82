"""What a client is told when a worker has no answer."""

import re
from collections.abc import Mapping
from typing import Any, Final

from ontology.terms import FUNCTIONS
from service.errors import BadRequest, Problem, QuerySyntax, TooLarge, Unavailable
from service.graph.rdf import unsayable
from service.http.negotiation import GRAPH_OFFERS, SELECT_OFFERS, XML_RESULTS, Offer
from service.sparql.grammar import explained, fault_of, undeclared
from service.sparql.lexer import offset_of, syntax_error

#: a sentence among the words an engine expected tells of a rule beyond the grammar
_MEANING: Final = re.compile(r"[A-Z][\w*]+(?: [\w()*]+){2,}")
#: where an engine noticed that such a rule was broken
_NOTICED: Final = re.compile(r"error at (\d+):(\d+)")
#: the rules beyond the grammar that an engine has no sentence for (SPARQL 1.1, section 19.8)
_RULES: Final = (
    "BIND の変数が前に使われている、同じ空白ノードが二つの { } にある、"
    "VALUES の値の数が変数の数と違う、など",
    "such as a variable of BIND that was used before, one blank node in two groups,"
    " or VALUES whose rows are not as long as its variables",
)
#: what the engine says of a function that nobody defined
_UNKNOWN: Final = re.compile(r"custom function <([^>]*)> is not supported")
#: what else there is than a form that cannot say everything, if not the forms of graphs
_OFFERS: Final[Mapping[str, tuple[Offer, ...]]] = {XML_RESULTS.name: SELECT_OFFERS}
#: how many expected words a problem shows
_SHOWN: Final = 8


def of(text: str, outcome: Mapping[str, Any], memory: int) -> Problem:
    """The problem of a query's outcome; `memory` is the cap, in bytes."""
    match outcome["kind"]:
        case "syntax":
            return _syntax(text, outcome["message"])
        case "cap":
            return _over_cap(outcome["cap"], outcome["limit"])
        case "memory":
            return exhausted(memory)
        case "unwritable":
            offers = _OFFERS.get(outcome["format"], GRAPH_OFFERS)
            return unsayable(outcome["what"], outcome["format"], offers)
        case "unsearchable":
            return _unsearchable()
    message = outcome["message"]
    if found := _UNKNOWN.search(message):
        return _unknown_function(found[1])
    return BadRequest(
        f"この問い合わせは評価できません: {message}", f"cannot be evaluated: {message}"
    )


def timeout(limit: float) -> Problem:
    """A query that was stopped after so many seconds."""
    return Unavailable(
        f"{limit:g} 秒で終わらなかったので止めました。条件を増やすか LIMIT を付けてください。",
        f"Stopped after {limit:g} s; add conditions or a LIMIT.",
        limit=limit,
    )


def exhausted(limit: int) -> Problem:
    """A query that was stopped beyond so many bytes of memory."""
    return Unavailable(
        f"メモリーの上限 {limit:,} バイトを超えたので止めました。条件を増やしてください。",
        f"Stopped beyond {limit:,} bytes of memory; add conditions.",
        limit=limit,
    )


def busy() -> Problem:
    """A query that no worker had time for."""
    return Unavailable(
        "いま混み合っています。少し待ってからもう一度送ってください。",
        "All workers are busy; try again in a few seconds.",
    )


def lost() -> Problem:
    """A query whose workers were killed, one after the other, by somebody else."""
    return Unavailable(
        "評価するプロセスが何度も外から止められました。もう一度送ってください。",
        "The processes that evaluated this query were ended from outside; send it again.",
    )


def _unknown_function(iri: str) -> Problem:
    known = ", ".join(f"cco:{name}" for name in FUNCTIONS)
    return BadRequest(
        f"関数 <{iri}> はありません。SPARQL 1.1 の関数のほかに使えるのは {known} です。",
        f"There is no function <{iri}>; beside those of SPARQL 1.1 there are {known}.",
        function=iri,
    )


def _unsearchable() -> Problem:
    return BadRequest(
        "このサービスは検索なしで動いているので、cco:similarity と cco:matches は使えません。",
        "This service runs without a search: cco:similarity and cco:matches cannot be used.",
    )


def _over_cap(cap: str, limit: int) -> Problem:
    unit = {"rows": "行", "bytes": "バイト"}[cap]
    return TooLarge(
        f"答えが上限の {limit:,} {unit}を超えます。"
        "ORDER BY を付けて LIMIT と OFFSET で分けるか、ダンプを使ってください。",
        f"The answer exceeds the cap of {limit:,} {cap}; "
        "page with ORDER BY, LIMIT and OFFSET, or use a dump.",
        cap=cap,
        limit=limit,
    )


def _syntax(text: str, message: str) -> Problem:
    """What is wrong with a query that the engine refused, and where."""
    short = explained(text)
    if short and (fault := fault_of(text)):
        expected = " ".join(fault.expected[:_SHOWN]) + (" …" if fault.expected[_SHOWN:] else "")
        ja = f"ここには次のどれかが要ります: {expected}"
        return syntax_error(text, fault.offset, ja, f"expected one of {expected}")
    if token := undeclared(text):
        prefix = token.text.partition(":")[0]
        ja = (
            f"接頭辞 {prefix}: が宣言されていません。先頭に PREFIX {prefix}: <…> を書いてください。"
        )
        return syntax_error(text, token.start, ja, f"declare PREFIX {prefix}: <…> first")
    return _invalid(text, message) if short else _near(text, message)


def _near(text: str, message: str) -> Problem:
    """What is wrong with a query that is too long for the grammar: where the engine gave up."""
    place = _NOTICED.search(message)
    offset = offset_of(text, int(place[1]), int(place[2])) if place else 0
    ja, en = (
        "この近くまでしか読めません。文法を見直してください。",
        "not understood from about here.",
    )
    return syntax_error(text, offset, ja, en)


def _invalid(text: str, message: str) -> Problem:
    """What is wrong with a query that is by the grammar, and about where."""
    found = _MEANING.search(message)
    ja, en = (found[0], found[0]) if found else _RULES
    ja = f"文法は正しいのですが、評価できません（{ja}）。"
    en = f"well-formed, but not valid: {en}"
    if place := _NOTICED.search(message):
        return syntax_error(text, offset_of(text, int(place[1]), int(place[2])), ja, en)
    return QuerySyntax(ja, en, line=1, column=1, token="")
