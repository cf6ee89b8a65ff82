"""The guide: articles, their sections, and between them what is no knowledge."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from loaders.guide_outline import Article, Section, articles, furniture, holes, rows, sections
from loaders.records import Document, Finding, Outcome, Reading, Record, Scheme, Skip, Span, Text
from loaders.text import closed_up, normal, slices, whole

_SCHEME = Scheme("guide", "コンタクトセンターの解説", reads=(Reading("GuideArticle", False),))


def recognises(text: str) -> bool:
    """Whether a text has the date or category lines of articles, or a title that is repeated."""
    return any(furniture(row) for row in rows(text)) or bool(articles(text)[1])


def load(document: Document) -> Iterator[Outcome]:
    """Read the articles and their sections, advertising and navigation left out."""
    text = document.text
    before, found = articles(text)
    if not found:
        yield _nothing(whole(text))
        return
    yield _SCHEME
    for row in before:
        yield Skip(row.line.span(), "navigation") if furniture(row) else _early(row.line.span())
    records = [record for article in found for record in _records(text, article)]
    yield from _identified(records)
    for article in found:
        yield from _left_out(article)


def _records(text: str, article: Article) -> Iterator[Record]:
    """An article and its sections."""
    spans = [hole.span for hole in holes(article)]
    parts = sections(article, spans)
    text_end = parts[0].head.line.start if parts else article.end
    closed = article.end < len(text)
    title = article.title.line.part(0)
    record = Record(
        kind="GuideArticle",
        scheme=_SCHEME.id,
        key=f"article@{title.span.start}",
        label=Text(closed_up(title.value), title.span),
        definitions=slices(text, Span(article.start, text_end), spans),
        reads=(Reading("GuideSection", closed),),
    )
    yield record
    for part in parts:
        parent = record.key if part.parent is None else _key(parts[part.parent])
        yield _section(text, part, parent, spans)


def _section(text: str, part: Section, parent: str, left_out: Sequence[Span]) -> Record:
    name = part.head.name
    return Record(
        kind="GuideSection",
        scheme=_SCHEME.id,
        key=_key(part),
        label=Text(closed_up(text[name.start : name.end]), name),
        parent=parent,
        definitions=slices(text, Span(part.head.line.end, part.end), left_out),
        reads=(Reading("GuideSection", part.end < len(text)),),
    )


def _key(part: Section) -> str:
    return f"section@{part.head.name.start}"


def _identified(records: Sequence[Record]) -> Iterator[Record]:
    """The records, told apart by their text where one head stands twice under one parent."""
    heads = Counter((record.parent, normal(record.label.value)) for record in records)
    for record in records:
        if heads[record.parent, normal(record.label.value)] > 1:
            texts = (record.label.value, *(each.value for each in record.definitions))
            yield replace(record, identity="\n".join(texts))
        else:
            yield record


def _left_out(article: Article) -> Iterator[Outcome]:
    yield from (Skip(row.line.span(), "navigation") for row in article.furniture)
    for hole in holes(article):
        yield Skip(hole.span, hole.reason)
    yield from (_untitled(row.line.span()) for row in article.body if furniture(row))


def _early(span: Span) -> Finding:
    return Finding(
        "warning",
        "before-first-article",
        span,
        "記事の題名（次に「Last Updated on」か同じ題名が続く行）を期待しましたが、その前に本文が"
        "あります。この行は読み込みませんでした。",
        "Expected an article's title (followed by 'Last Updated on' or by the same title again),"
        " found text before the first one; this line was not read.",
    )


def _untitled(span: Span) -> Finding:
    return Finding(
        "warning",
        "no-title",
        span,
        "「Last Updated on」の前に記事の題名の行を期待しましたが、ありません。"
        "続く本文は前の記事のものとして読みました。",
        "Expected an article's title before 'Last Updated on', found none;"
        " the text below was read as part of the article before.",
    )


def _nothing(span: Span) -> Finding:
    return Finding(
        "error",
        "nothing-found",
        span,
        "記事の題名と、その次の「Last Updated on」か同じ題名の行を期待しましたが、"
        "一つもありません。文書が途中で切れていないか確かめてください。",
        "Expected articles, each with its title followed by 'Last Updated on' or by the same"
        " title again, found none; is the document complete?",
    )
