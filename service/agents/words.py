"""What a model is told: how to use the service, what each tool is for, prompts to start from."""

from typing import Annotated, Final

from pydantic import Field

INSTRUCTIONS: Final = """\
コンタクトセンターの仕事と能力の知識グラフ（CMBOK のコンピテンシー、タスク一覧、SFIA 9 のスキル、\
解説記事）を読むための道具です。書き込みはできません。
1. 言葉から始めるなら search、コード（HR-5）や id が分かっていれば get。
2. 「この能力が要る仕事」は tasks_for_competency、理由は explain_mapping。
3. ほかの決まった問いは questions で探して ask で答えを得る。それでも足りなければ sparql。
答えを人に伝える時は、項目の id か URI を添えてください。URI は変わりません。
Read-only tools over one graph of contact-centre competencies, tasks and skill levels. Start with \
search (words) or get (code, id); tasks_for_competency and explain_mapping tell what needs what \
and why; questions and ask run documented questions; sparql is for everything else. \
Cite entities by id or URI."""

SEARCH: Final = """\
日本語の文や語から、コンピテンシー、タスク、評価項目、スキルレベル、解説記事を探す。\
例「怒っているお客様をなだめるには？」「新人がすぐ辞める」「HR-5」。 \
/ Find entities by natural Japanese, a keyword or a code; best first, with what matched."""

GET: Final = """\
コード、id、URI、名称から一つの項目を読む。名称、説明、上位と下位、対応付けとその理由、出典、\
廃止や置き換えの有無。同じコードが別の版にもあれば same_code に挙げる。 \
/ One entity: labels, definition, hierarchy, mappings with their reasons, provenance."""

TASKS: Final = """\
コンピテンシーを必要とする仕事（評価項目、タスク、スキルレベル）を、「主に」「あわせて」の別、\
理由、確信度とともに挙げる。例 HR-5。 \
/ The work that requires a competency, primarily or also, with reason and confidence."""

EXPLAIN: Final = """\
二つの項目の間の対応付けを言葉で説明する（関係、理由、確信度、誰がいつ）。\
片方だけなら、その項目の対応付けを並べる。例 subject=task.E056 object=HR-5。 \
/ Why two entities are mapped: relation, reason, confidence, author, date; one end lists all."""

QUESTIONS: Final = """\
決まった問い（研修計画、版の違い、分野と仕事の表、空白など）の一覧。名前を ask に渡す。 \
/ The documented questions with their parameters; pass a name to the tool ask."""

ASK: Final = """\
決まった問いに答える。引数はコード、id、URI のどれでもよい。\
例 name=training-plan parameters={"tasks": "task.M02"}。 \
/ The rows of a documented question, with a summary in Japanese."""

SPARQL: Final = """\
SPARQL 1.1 の SELECT、ASK、CONSTRUCT、DESCRIBE に答える（更新と SERVICE は不可、上限 {most} 行）。\
接頭辞 skos: dcterms: owl: は標準のもの、ccg: は https://w3id.org/ccgraph/id/、\
cco: は https://w3id.org/ccgraph/ontology# 。名称は skos:prefLabel（@ja）、コードは skos:notation、\
階層は skos:broader、仕事から能力へは cco:requiresPrimarily と cco:requiresAlso。
例「CS-9 を主に必要とする仕事は？」
PREFIX cco: <https://w3id.org/ccgraph/ontology#>
PREFIX ccg: <https://w3id.org/ccgraph/id/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?work ?label WHERE {{
  ?work cco:requiresPrimarily ccg:cmbok2.CS-9 ; skos:prefLabel ?label FILTER(LANG(?label) = "ja")
}}
例「分野ごとにコンピテンシーはいくつ？」
PREFIX cco: <https://w3id.org/ccgraph/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?area (COUNT(*) AS ?count) WHERE {{
  ?c a cco:Competency ; skos:broader ?area
}} GROUP BY ?area
/ A read-only SPARQL query of the graph; at most {most} rows (page with ORDER BY, LIMIT, OFFSET)."""

Role = Annotated[str, Field(description="役割や仕事（例 SV、タスクのコード） / a role or task")]
Skill = Annotated[str, Field(description="自社のスキルの名前や説明 / a skill in your own words")]


def training_plan(role: Role) -> str:
    """この役割の人に要る研修を、根拠とともに組む。 / Plan training for a role, with reasons."""
    return f"""「{role}」を担当する人の研修計画を立ててください。
1. search で「{role}」に当たるタスクを kinds=["Task", "EvaluationItem"] で探す。
2. ask の training-plan に、選んだタスクの id をコンマで区切って渡す。
3. 「主に」必要な能力を先に、理由（explain_mapping）を一行ずつ添え、能力ごとに研修の内容を提案する。
項目は id を添えて引き、グラフにないことは「提案」と断ってください。"""


def map_skill(skill: Skill) -> str:
    """自社のスキルに当たるコンピテンシーを選ぶ。 / Choose the competency for a skill of yours."""
    return f"""自社のスキル「{skill}」に当たるコンピテンシーを選んでください。
1. search で kinds=["Competency"] として探し、上位五つを get で読む。
2. 同じ意味なら exactMatch、広い・狭い・近いなら broadMatch・narrowMatch・closeMatch とし、
   理由を書く。
3. 当てはまるものがなければ、無理に選ばず「該当なし」と答える。
答えは、id、名称、関係、理由、確信度（0 から 1）の表にしてください。"""
