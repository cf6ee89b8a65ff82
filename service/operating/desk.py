"""What one server process knows of its clients and keeps beyond the change of builds."""

from dataclasses import dataclass
from typing import TextIO

from service.operating.logs import AccessLog, access_log
from service.operating.metrics import Metrics
from service.operating.proxies import Proxies
from service.operating.rates import Gate
from service.operating.shared import shared_folder
from service.settings import Settings


@dataclass(frozen=True)
class Desk:
    """The instruments of a server process, each `None` where the settings want none."""

    settings: Settings
    metrics: Metrics
    log: AccessLog | None = None
    gate: Gate | None = None
    proxies: Proxies | None = None


def open_desk(settings: Settings, log: TextIO | None = None) -> Desk:
    """The desk for these settings; requests are logged to `log`, if anywhere."""
    limited = settings.rate_limit or settings.api_keys
    return Desk(
        settings=settings,
        metrics=Metrics(),
        log=access_log(settings, log) if log else None,
        gate=Gate(settings, shared_folder()) if limited else None,
        proxies=Proxies(settings.trusted_proxies) if settings.trusted_proxies else None,
    )
