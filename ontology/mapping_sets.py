"""The curated mapping sets: their files, their titles, who made them and how.

Light to import; `ontology.sssom` reads and writes the files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ontology.terms import HOME, MAPPING_GRAPHS

#: the curated sets
FOLDER: Final = HOME / "mappings"
#: how the files of mapping sets end
SUFFIX: Final = ".sssom.tsv"
#: who curates
AUTHOR: Final = "ccgraph editors"
#: how: by reading, not by a score
CURATED: Final = "semapv:ManualMappingCuration"
#: what others may do with the sets
LICENCE: Final = "https://www.apache.org/licenses/LICENSE-2.0"


@dataclass(frozen=True, slots=True)
class SetTitle:
    """What a set is called, and which column of labels would hold sentences of documents."""

    ja: str
    en: str
    sentences: bool = False

    @property
    def text(self) -> str:
        """Both languages in one line, as SSSOM has one slot for the title."""
        return f"{self.ja} / {self.en}"


#: the curated sets by name
TITLES: Final[Mapping[str, SetTitle]] = dict(
    zip(
        MAPPING_GRAPHS,
        (
            SetTitle("評価項目からCMBOK 2.0へ", "Evaluation items to CMBOK 2.0", True),
            SetTitle("タスクからCMBOK 2.0へ", "Tasks to CMBOK 2.0"),
            SetTitle("SFIAのスキルレベルからCMBOK 2.0へ", "SFIA skill levels to CMBOK 2.0"),
            SetTitle("評価項目からSFIA 9へ", "Evaluation items to SFIA 9", True),
            SetTitle("タスクからSFIA 9へ", "Tasks to SFIA 9"),
            SetTitle("CMBOK 1.0から2.0へ", "CMBOK 1.0 to 2.0"),
            SetTitle("分野の業務からCMBOK 2.0へ", "Scope statements to CMBOK 2.0", True),
            SetTitle("解説記事の節からCMBOK 2.0へ", "Guide sections to CMBOK 2.0", True),
        ),
        strict=True,
    )
)


class MappingFileError(ValueError):
    """A mapping file that an editor has to mend; the message names file and line."""
