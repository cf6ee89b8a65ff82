"""From Japanese text to the words that carry its meaning, each with its place in the text.

Words are Sudachi's normalised forms (表記ゆれ folded: 問合せ, 問い合わせ). Compounds count whole
and by part (SplitMode C and A), so that 応答率 meets both 応答率 and 応答.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, Protocol

from sudachipy import Dictionary, Morpheme, SplitMode, Tokenizer

#: a character with the marks that NFKC may join to it (half-width ｶﾞ, combining accents)
_CLUSTER: Final = re.compile(r".[\u0300-\u036f\u3099\u309a\uff9e\uff9f]*", re.DOTALL)
#: what Sudachi is given at once: a line, or as much of it as it takes (48 KiB after NFKC)
_PIECE: Final = re.compile(r"[^\n]{1,800}\n?|\n")
#: parts of speech (UniDic, first level) that carry meaning
CONTENT: Final = frozenset({"名詞", "動詞", "形容詞", "形状詞"})
#: second or third levels that do not, whatever the first says
_GRAMMATICAL: Final = frozenset({"助動詞語幹", "助動詞"})
#: parts of speech that are not read aloud
_SILENT: Final = frozenset({"補助記号", "空白"})
#: the mark of a long vowel: a symbol to the dictionary where it follows hiragana (くれーむ)
_LONG: Final = "ー"
#: normalised forms so common that they tell nothing apart
EMPTY: Final = frozenset(
    [
        *("為る", "居る", "有る", "在る", "成る", "出来る", "遣る", "行う", "行く", "来る", "言う"),
        *("置く", "見る", "呉れる", "貰う", "頂く", "下さる", "仕舞う", "御座る", "致す", "知る"),
        *("無い", "良い", "欲しい", "必要", "大事", "事", "物", "為", "時", "所", "様", "方", "訳"),
        *("こと", "もの", "ため", "とき", "ところ", "よう", "わけ", "はず", "ほう", "ほか"),
        "よる",
        *("等", "上", "中", "際", "場合", "内", "何", "以上", "人", "自分", "方法", "仕方"),
    ]
)


@dataclass(frozen=True, slots=True)
class Token:
    """A content word: its normalised form and its place in the text, in code points."""

    form: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word as it is read, in katakana, and its place in the text, in code points.

    `telling` says whether it carries meaning.
    """

    kana: str
    start: int
    end: int
    telling: bool


@dataclass(frozen=True, slots=True)
class Folded:
    """A text after NFKC; `starts` and `ends` give each folded character's original place."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original place of a non-empty folded range."""
        return self.starts[start], self.ends[end - 1]


class Analyser(Protocol):
    """Whatever turns a text into its content words, in order."""

    def __call__(self, text: str) -> list[Token]:
        """The content words of a text."""
        ...


def fold(text: str) -> Folded:
    """NFKC of a text that remembers where each character came from.

    >>> fold("ｶﾞｲﾄﾞ").text, fold("ｶﾞｲﾄﾞ").span(0, 1)
    ('ガイド', (0, 2))
    """
    if unicodedata.is_normalized("NFKC", text):  # most texts are, and each is folded thrice
        return Folded(text, tuple(range(len(text))), tuple(range(1, len(text) + 1)))
    pieces = [
        (char, match.start(), match.end())
        for match in _CLUSTER.finditer(text)
        for char in unicodedata.normalize("NFKC", match.group())
    ]
    chars, starts, ends = zip(*pieces, strict=True) if pieces else ((), (), ())
    return Folded("".join(chars), starts, ends)


def folded_key(text: str) -> str:
    """A text as it is compared: NFKC, no case, no spaces, katakana for hiragana.

    >>> folded_key("Ｗｅｂ と けんさく")
    'webトケンサク'
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(plain.split()).translate(_KATAKANA)


_KATAKANA: Final = {code: code + 0x60 for code in range(0x3041, 0x3097)}


class Sudachi:
    """Content words by Sudachi's core dictionary, which is loaded at the first use.

    One tokenizer for each thread: Sudachi's are not to be shared.
    """

    def __init__(self) -> None:
        self._local = threading.local()

    def __call__(self, text: str) -> list[Token]:
        """The content words of a text in order, compounds before their parts.

        >>> [each.form for each in Sudachi()("怒っているお客様をなだめるには？")]
        ['怒る', '御客様', '客', '宥める']
        """
        return self.read(text)[0]

    def read(self, text: str) -> tuple[list[Token], str]:
        """The content words of a text and how it is read, as `reading`, from one look at it."""
        tokens, kana = list[Token](), list[str]()
        for piece in _PIECE.finditer(text):
            folded = fold(piece.group())
            for word in self._tokenizer.tokenize(folded.text, SplitMode.C):
                tokens.extend(_tokens(word, folded, piece.start()))
                kana.append(_kana(word))
        return tokens, "".join(kana)

    @property
    def _tokenizer(self) -> Tokenizer:
        found: Tokenizer | None = getattr(self._local, "tokenizer", None)
        if found is None:
            found = self._local.tokenizer = _dictionary().tokenizer()
        return found


def reading(text: str) -> str:
    """How a text is read, in katakana, without punctuation.

    >>> reading("労基にｸﾚｰﾑ！")
    'ロウキニクレーム'
    """
    tokenizer = _dictionary().tokenizer()
    pieces = (fold(piece.group()).text for piece in _PIECE.finditer(text))
    return "".join(_kana(word) for each in pieces for word in tokenizer.tokenize(each, SplitMode.C))


def spoken(text: str) -> list[Spoken]:
    """The words of a text as they are read, in order, without punctuation.

    >>> [(word.kana, word.start, word.end, word.telling) for word in spoken("労基に！")]
    [('ロウキ', 0, 2, True), ('ニ', 2, 3, False)]
    """
    tokenizer = _dictionary().tokenizer()
    found = list[Spoken]()
    for piece in _PIECE.finditer(text):
        folded = fold(piece.group())
        for word in tokenizer.tokenize(folded.text, SplitMode.C):
            if kana := _kana(word):
                start, end = folded.span(word.begin(), word.end())
                telling = _carries_meaning(word)
                found.append(Spoken(kana, piece.start() + start, piece.start() + end, telling))
    return found


@cache
def _dictionary() -> Dictionary:
    return Dictionary(dict="core")


def _kana(word: Morpheme) -> str:
    """How a word is read, in katakana; "" for punctuation."""
    if word.surface() == _LONG:
        return _LONG
    return "" if word.part_of_speech()[0] in _SILENT else _folded_form(word.reading_form())


#: `folded_key` of a dictionary's reading: a text has the same few thousand again and again
_folded_form: Final = lru_cache(maxsize=2**16)(folded_key)


def _tokens(word: Morpheme, folded: Folded, offset: int) -> Iterator[Token]:
    """A compound and its parts, those that carry meaning."""
    for part in _parts(word):
        if _carries_meaning(part):
            start, end = folded.span(part.begin(), part.end())
            yield Token(_form(part), offset + start, offset + end)


def _parts(word: Morpheme) -> Iterator[Morpheme]:
    yield word
    yield from word.split(SplitMode.A, add_single=False)


def _form(word: Morpheme) -> str:
    form: str = word.normalized_form()
    return form.casefold()


def _carries_meaning(word: Morpheme) -> bool:
    first, *rest = word.part_of_speech()
    return (
        first in CONTENT
        and _GRAMMATICAL.isdisjoint(rest[:2])
        and _form(word) not in EMPTY
        and not (len(word) == 1 and unicodedata.name(word.surface(), "").startswith("HIRAGANA"))
    )


def alone(tokens: Sequence[Token]) -> list[Token]:
    """The words that are no part of a compound; a compound comes before its parts."""
    end, found = 0, list[Token]()
    for token in tokens:
        if token.end > end:
            found.append(token)
            end = token.end
    return found
