"""What a check is and what comes of it: frozen values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from service.selftest.client import Service

#: what looks at a service: returns what came, or raises `Unmet` or `NotApplicable`
Look = Callable[[Service], str]


class Verdict(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Check:
    """One promise: its name, what is expected of whom, what to do where it is not kept."""

    name: str
    ja: str
    en: str
    expected: str
    mend: str
    look: Look


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one check."""

    check: Check
    verdict: Verdict
    came: str

    def document(self) -> dict[str, str]:
        """The outcome for machines; `mend` only where something is to mend."""
        mend = {"mend": self.check.mend} if self.verdict is Verdict.FAILED else {}
        return {
            "name": self.check.name,
            "ja": self.check.ja,
            "en": self.check.en,
            "verdict": self.verdict.value,
            "expected": self.check.expected,
            "came": self.came,
            **mend,
        }


@dataclass(frozen=True)
class Report:
    """What came of all checks of a service."""

    url: str
    outcomes: Sequence[Outcome]

    @property
    def failed(self) -> int:
        """How many promises are not kept."""
        return sum(each.verdict is Verdict.FAILED for each in self.outcomes)

    def document(self) -> dict[str, Any]:
        """The report for machines."""
        counts = {
            verdict.value: sum(each.verdict is verdict for each in self.outcomes)
            for verdict in Verdict
        }
        checks = [each.document() for each in self.outcomes]
        return {"url": self.url, "counts": counts, "checks": checks}
