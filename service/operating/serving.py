"""The server processes: one alone, or several under a supervisor."""

import os
import signal
from math import ceil
from tempfile import TemporaryDirectory
from typing import Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from service.operating.logs import log_config
from service.operating.shared import VARIABLE
from service.settings import Settings

#: how long a server process may be silent until it is replaced, in seconds
_SILENT: Final = 30


class Supervisor(Multiprocess):
    """uvicorn's, which starts, replaces and ends server processes.

    SIGHUP makes its processes look for another build, where uvicorn's would replace them. At the
    end it stops listening first: uvicorn's would take connections until its last process is gone,
    answer none of them, and let their clients wait.
    """

    def terminate_all(self) -> None:
        """Refuse new connections, then let the processes end."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()

    def handle_hup(self) -> None:
        """Pass the signal on; a process that is still starting opens the newest build anyway."""
        for process in self.processes:
            if process.pid is not None and process.is_ready(timeout=1):
                os.kill(process.pid, signal.SIGHUP)


def serve(settings: Settings) -> None:
    """Serve until told to stop; ends by `SystemExit` with a status where it cannot start."""
    os.environ |= settings.environ()
    config = _config(settings)
    if settings.workers == 1:
        _serve_alone(config)
        return
    with TemporaryDirectory(prefix="ccgraph-") as folder:
        os.environ[VARIABLE] = folder
        listener = config.bind_socket()
        Supervisor(config, sockets=[listener]).run()


def _serve_alone(config: uvicorn.Config) -> None:
    config.load()
    server = uvicorn.Server(config)
    try:
        server.run()
    except KeyboardInterrupt:
        return
    if not server.started:
        raise SystemExit(1)


def _config(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        "service.boot:app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http="service.http.lenient:LenientProtocol",
        ws="none",
        log_level=settings.log_level,
        log_config=log_config(settings),
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=ceil(settings.stop_timeout),
        timeout_worker_healthcheck=_SILENT,
    )
