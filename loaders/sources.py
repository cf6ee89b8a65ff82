"""The kinds of document there are: one row each, tried in this order."""

from typing import Final

from loaders import cmbok_areas, cmbok_codes, guide, sfia, tasks
from loaders.records import Document, Source

#: the most telling marks first: a guide's articles may hold heads such as an areas document has
SOURCES: Final = (
    Source("tasks", "タスク一覧", tasks.recognises, tasks.load),
    Source("sfia", "SFIA スキルのページ", sfia.recognises, sfia.load),
    Source("cmbok-codes", "CMBOK コンピテンシー表", cmbok_codes.recognises, cmbok_codes.load),
    Source("cmbok-areas", "CMBOK 各分野の定義", cmbok_areas.recognises, cmbok_areas.load),
    Source("guide", "コンタクトセンターの解説記事", guide.recognises, guide.load),
)


def recognise(document: Document) -> Source | None:
    """The kind of a document, by its content alone; `None` where it is of no known kind.

    >>> recognise(Document("a.txt", "1. オペレーション(OP)", "0" * 64, "utf-8-sig")).kind
    'cmbok-areas'
    """
    return next((source for source in SOURCES if source.recognises(document.text)), None)
