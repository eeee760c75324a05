"""Helpers for tests against real services."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
ROOT = Path(__file__).parents[1]

PLACEHOLDERS = {
    "SUPABASE_URL": "http://127.0.0.1:1",
    "DATABASE_URL": "postgresql://user:password@127.0.0.1:1/none",
    "R2_ENDPOINT": "http://127.0.0.1:1",
    "R2_ACCESS_KEY_ID": "id",
    "R2_SECRET_ACCESS_KEY": "secret",
    "R2_BUCKET": "files",
}
"""Settings that lead nowhere: tests that import the application when they are collected find them."""


def required(name: str) -> str:
    """A variable without which these tests can't run."""
    value = os.environ.get(name)
    if not value or value == PLACEHOLDERS.get(name):
        raise RuntimeError(f"{name} is not set. These tests need real services; `pytest` alone runs the others.")
    return value


@contextmanager
def process(*arguments: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python program of the backend, which is stopped in any case."""
    started = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | variables,
    )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.wait()


def eventually(probe: Callable[[], T | None], seconds: float = 60) -> T:
    """The first answer of the probe that is not None."""
    end = time.monotonic() + seconds
    while (found := probe()) is None:
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.05)
    return found
