"""All checks, one after the other, whatever a service answers."""

from collections.abc import Callable, Iterator

from service.selftest.client import Answer, NotApplicable, Service, Unmet, connected
from service.selftest.model import Check, Outcome, Report, Verdict
from service.selftest.table import CHECKS

#: what an answer of another form than promised makes of code that takes it apart
_OTHERWISE = (LookupError, TypeError, ValueError, AttributeError)
#: statuses of a service that has moved, or speaks https only
_MOVED = (301, 302, 307, 308)
#: told before each check: how many are done, of how many
Progress = Callable[[int, int], None]


def selftest(url: str, timeout: float, progress: Progress | None = None) -> Report:
    """What comes of checking the service at `url`; an answer may take `timeout` seconds.

    Raises `ValueError` where the URL is none, and `Unmet` where nobody answers, or only from
    elsewhere.
    """
    with connected(url, timeout) as service:
        _refuse_detour(service.get("health/live"))
        return Report(service.root, list(_outcomes(service, progress)))


def _refuse_detour(answer: Answer) -> None:
    """A service that is elsewhere is checked there: clients do not follow with every request."""
    if answer.status in _MOVED:
        target = answer.headers.get("location", "").removesuffix("health/live")
        raise Unmet(f"{answer.status}: {target} を指定してください / give that URL")


def _outcomes(service: Service, progress: Progress | None) -> Iterator[Outcome]:
    for done, check in enumerate(CHECKS):
        if progress:
            progress(done, len(CHECKS))
        yield outcome(check, service)


def outcome(check: Check, service: Service) -> Outcome:
    """What comes of one check."""
    try:
        return Outcome(check, Verdict.PASSED, check.look(service))
    except NotApplicable as missing:
        return Outcome(check, Verdict.NOT_APPLICABLE, str(missing))
    except Unmet as unmet:
        return Outcome(check, Verdict.FAILED, str(unmet))
    except _OTHERWISE as fault:
        came = f"an answer of another form ({type(fault).__name__}: {fault})"
        return Outcome(check, Verdict.FAILED, came[:160])
