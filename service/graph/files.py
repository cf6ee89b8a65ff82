"""RDF files as people save them; imports next to nothing, for query workers start in no time."""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

#: how the engine begins to say that an IRI is relative where nothing says to what
_RELATIVE: Final = "No scheme found in an absolute IRI"
_ADVICE: Final = (
    "相対 IRI（<#a> など）の基準がありません。Turtle と TriG なら先頭に @base <https://…/> . を、"
    "RDF/XML なら根の要素に xml:base を書き、N-Triples と N-Quads では IRI を略さず書いてください。"
    " / A relative IRI, and no base: begin Turtle or TriG with @base <https://…/> . ,"
    " give the root of RDF/XML an xml:base, write the IRIs of N-Triples and N-Quads in full."
)


@contextmanager
def rdf_file(path: str) -> Iterator[BinaryIO]:
    """A file to be parsed, open after the byte order mark that some editors write.

    A relative IRI stays an error, for names of ours are not made from where a file lies; the
    `SyntaxError` of the block then says what to do, too. Raises `OSError`.
    """
    with open(path, "rb") as file:  # noqa: PTH123 -- pathlib would double the time to start
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            file.seek(0)
        try:
            yield file
        except SyntaxError as fault:
            if _RELATIVE not in str(fault):
                raise
            raise SyntaxError(f"{fault.msg}. {_ADVICE}") from fault
