"""Runs the web server: `python serve.py`.

On SIGTERM it goes on serving for DRAIN_SECONDS while `/health` answers 503, so that a proxy that looks only now and
then has stopped sending requests before the last one is answered. A second signal ends it at once.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import socket
import sys
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

import uvicorn

from health import draining
from observability import configure_logging
from settings import get_settings

log = logging.getLogger("serve")


class DrainingServer(uvicorn.Server):
    """A server that waits between the signal to stop and stopping."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Takes the signal: the first SIGTERM begins the drain, everything else stops now."""
        seconds = get_settings().drain_seconds
        if sig != signal.SIGTERM or draining.active or seconds == 0:
            super().handle_exit(sig, frame)
            return
        draining.active = True
        log.info("Draining for %g seconds", seconds)
        asyncio.get_running_loop().call_later(seconds, super().handle_exit, sig, frame)


def bind(config: uvicorn.Config) -> socket.socket:
    """A socket of one process at the port of all: the kernel spreads connections evenly over those that listen.

    Were there one for all, whichever process is awake would take most of a burst, and keep it: connections of a proxy
    stay open for long.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((config.host, config.port))
    return listener


def run_processes(config: uvicorn.Config, count: int) -> int:
    """Serves one port with several processes; passes signals on; replaces a process that died by itself."""
    context = multiprocessing.get_context("fork")
    stopping = False

    def start() -> BaseProcess:
        # Closed here: the port of a process that dies must take no more connections.
        with bind(config) as listener:
            process = context.Process(target=DrainingServer(config).run, args=([listener],))
            process.start()
        return process

    processes = [start() for _ in range(count)]

    def forward(sig: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        for process in processes:
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, sig)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, forward)
    while True:
        wait([process.sentinel for process in processes], timeout=1)
        ended = [process for process in processes if not process.is_alive()]
        if stopping and len(ended) == len(processes):
            return 0
        if stopping or not ended:
            continue
        if not any(process.is_alive() for process in processes):
            # All at once is no accident: the settings or the code are wrong, which the orchestrator must see.
            return 1
        for process in ended:
            log.error("Process %s ended with %s; starting another", process.pid, process.exitcode)
            processes[processes.index(process)] = start()


def main() -> int:
    """Serves on port 8000 with WEB_CONCURRENCY processes."""
    settings = get_settings()
    configure_logging(settings.log_level)
    config = uvicorn.Config(
        sys.argv[1] if len(sys.argv) > 1 else "main:create_app",
        factory=True,
        host="0.0.0.0",  # noqa: S104 - the container's own network
        port=int(sys.argv[2]) if len(sys.argv) > 2 else 8000,  # noqa: PLR2004
        log_config=None,
        access_log=False,
        # The proxy in front is the only one that reaches this port.
        proxy_headers=True,
        forwarded_allow_ips="*",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=30,
    )
    if settings.web_concurrency > 1:
        return run_processes(config, settings.web_concurrency)
    DrainingServer(config).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
