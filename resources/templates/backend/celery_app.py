"""Celery, with what a worker needs to be rolled out and watched."""

import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps

from settings import get_settings

ALIVE_FILE = Path(os.environ.get("CELERY_ALIVE_FILE", "/tmp/celery-alive"))  # noqa: S108 - of the container alone
ALIVE_EVERY_SECONDS = 5
ALIVE_WITHIN_SECONDS = 60


def create_celery() -> Celery:
    """The Celery application. Tasks are found in `tasks.py`, where there is one."""
    settings = get_settings()
    include = ["tasks"] if find_spec("tasks") is not None else []
    celery = Celery("backend", broker=settings.redis_url.get_secret_value(), include=include)
    celery.conf.update(
        result_backend=settings.redis_url.get_secret_value(),
        result_expires=3600,
        # A task that a dying worker held is done again by another one: tasks must be idempotent.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_time_limit=600,
        task_soft_time_limit=540,
        # Longer than any task may take, or Redis would hand it out twice.
        broker_transport_options={"visibility_timeout": 3600, "socket_keepalive": True},
        broker_connection_retry_on_startup=True,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_soft_shutdown_timeout=settings.drain_seconds,
        worker_hijack_root_logger=False,
        timezone="UTC",
        task_serializer="json",
        accept_content=["json"],
    )
    celery.steps["worker"].add(AliveFile)
    return celery


class AliveFile(bootsteps.StartStopStep):
    """Writes the time into a file from the worker's event loop; a worker that hangs or lost Redis stops writing."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._entry: Any = None

    def start(self, parent: Any) -> None:
        """Begins to write."""
        ALIVE_FILE.touch()
        self._entry = parent.timer.call_repeatedly(ALIVE_EVERY_SECONDS, ALIVE_FILE.touch, priority=10)

    def stop(self, parent: Any) -> None:
        """Ends it."""
        if self._entry is not None:
            self._entry.cancel()
        ALIVE_FILE.unlink(missing_ok=True)


app = create_celery()


@app.task(name="backend.echo")
def echo(value: str) -> str:
    """Answers with what it got: proves the way from the backend through Redis to a worker and back."""
    return value


def check_worker(seconds: float) -> None:
    """Waits for the answer of any worker; raises TimeoutError when none comes."""
    answers = app.control.broadcast("ping", reply=True, timeout=seconds, limit=1)
    if not answers:
        raise TimeoutError("No worker answered.")


def is_alive(now: float | None = None) -> bool:
    """Whether this container's worker has written its file lately."""
    try:
        age = (now or time.time()) - ALIVE_FILE.stat().st_mtime
    except FileNotFoundError:
        return False
    return age < ALIVE_WITHIN_SECONDS


if __name__ == "__main__":
    # `python celery_app.py` is the worker container's health check.
    sys.exit(0 if is_alive() else 1)
