"""The promises of a service, one row each, in the order they are checked."""

from typing import Final

from service.selftest import agents, exchange, finding, linked_data, operating, querying
from service.selftest.model import Check

_PROXY: Final = "プロキシーがパスと Accept をそのまま渡すか確かめる / pass path and Accept on"
_BUILD: Final = "ccgraph check でグラフを確かめ、作り直す / check the graph and build it again"
_PUBLIC: Final = "CCGRAPH_PUBLIC_URL を外から見た URL に / set CCGRAPH_PUBLIC_URL"
_UPDATE: Final = "この版の ccgraph に更新する / run this version of ccgraph"
_ERRORS: Final = "プロキシーが誤りの答えを置き換えていないか / let error answers through"
_REFINE: Final = "POST のフォームと JSON を通す。無ければ更新 / let POST through, or update"
_METHODS: Final = "プロキシーで POST と本文の型を許す / let POST and its Content-Type through"
_MCP: Final = (
    "外から見た名前を CCGRAPH_PUBLIC_URL か CCGRAPH_MCP_HOSTS に"
    " / name the host in CCGRAPH_PUBLIC_URL or CCGRAPH_MCP_HOSTS"
)
_WARM: Final = "起動を待ち、記録を見る / wait for the start and read the log"

#: every check; to add one, write a function and a row
CHECKS: Final = (
    Check("health", "稼働", "health", "200 live, ready", _WARM, operating.health),
    Check("version", "版", "version", "200 version graph edition", _UPDATE, operating.version),
    Check("start", "最初のページ", "start page", "200, relative links", _PROXY, operating.start),
    Check("openapi", "API の記述", "OpenAPI", "200, paths", _UPDATE, operating.openapi),
    Check("methods", "HEAD とメソッド", "methods", "HEAD 200, DELETE 405", _PROXY, operating.head),
    Check("cors", "CORS", "cross-origin", "*, no credentials", _PROXY, operating.cross_origin),
    Check("id-303", "名前から文書へ", "names", "303 → 200", _PROXY, linked_data.names),
    Check("formats", "文書の形式", "formats", "ttl jsonld rdf nt", _PROXY, linked_data.formats),
    Check("page", "ページ", "page", "HTML, JSON-LD", _PROXY, linked_data.page),
    Check("code-303", "コード", "code", "303", _PROXY, linked_data.one_meaning),
    Check(
        "code-300", "意味の分かれるコード", "ambiguous code", "300, 2+ meanings",
        _PROXY, linked_data.several_meanings,
    ),
    Check("gone-410", "廃止された名前", "retired id", "410, every form", _ERRORS, linked_data.gone),
    Check("id-404", "ない名前", "unknown id", "404 problem", _ERRORS, linked_data.unknown),
    Check("id-406", "ない形式", "no such form", "406", _ERRORS, linked_data.unacceptable),
    Check("etag-304", "手元の文書", "validators", "304", _PROXY, linked_data.validators),
    Check("sparql-get", "SPARQL GET", "SPARQL GET", "200 JSON", _PROXY, querying.by_get),
    Check("sparql-post", "SPARQL POST", "SPARQL POST", "200", _METHODS, querying.by_post),
    Check(
        "sparql-select", "行の形式", "SELECT formats", "json xml csv tsv",
        _PROXY, querying.select_formats,
    ),
    Check(
        "sparql-construct", "グラフの形式", "CONSTRUCT formats", "ttl jsonld rdf nt",
        _PROXY, querying.graph_formats,
    ),
    Check("sparql-400", "誤った問い", "bad query", "400, line", _ERRORS, querying.bad_query),
    Check("sparql-403", "SERVICE と更新", "SERVICE, update", "403", _UPDATE, querying.forbidden),
    Check("sparql-406", "ない形式の答え", "refused", "406, 415", _ERRORS, querying.unacceptable),
    Check(
        "sparql-description", "サービス記述", "description", "sd:endpoint",
        _PROXY, querying.description,
    ),
    Check("search", "検索", "search", "200, itself found", _BUILD, finding.search),
    Check("search-400", "空の検索", "blank search", "400", _ERRORS, finding.blank_search),
    Check("suggest", "入力の続き", "suggest", "200, items", _BUILD, finding.suggest),
    Check("questions", "決まった問い", "questions", "200 JSON, CSV", _BUILD, finding.questions),
    Check("mappings", "対応付け", "mappings", "200 JSON, SSSOM", _BUILD, finding.mappings),
    Check("void", "データの記述", "VoID", "endpoint, dumps here", _PUBLIC, exchange.void),
    Check("dumps", "一括取得", "dumps", "200, counted", _BUILD, exchange.dumps),
    Check(
        "reconcile-0.2", "照合 0.2", "reconciliation 0.2", "manifest, candidate",
        _REFINE, exchange.reconciliation,
    ),
    Check(
        "reconcile-1.0", "照合 1.0-draft", "reconciliation 1.0-draft", "manifest, candidate",
        _REFINE, exchange.reconciliation_draft,
    ),
    Check("case", "CASE 1.1", "CASE 1.1", "documents, package", _PROXY, exchange.frameworks),
    Check("badges", "Open Badges", "Open Badges 3.0", "Alignment", _PROXY, exchange.badges),
    Check("mcp", "エージェント", "MCP", "tools, search", _MCP, agents.protocol),
)  # fmt: skip
