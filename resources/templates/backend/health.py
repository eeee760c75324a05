"""`/health` tells whether the process lives, `/health/ready` whether it can do its work."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

CACHE_SECONDS = 1.0
"""However often readiness is asked for, the services behind are asked once a second."""

Check = Callable[[], Awaitable[None]]
State = Literal["ok", "failed", "timed out"]


class CheckResult(BaseModel):
    """One service as it was found."""

    state: State
    required: bool
    latency_ms: float
    error: str | None = None


class Liveness(BaseModel):
    """The process itself."""

    status: Literal["ok", "draining"]
    version: str


class Readiness(BaseModel):
    """All services. `degraded`: one that is not required is missing."""

    status: Literal["ok", "degraded", "unavailable", "draining"]
    version: str
    checks: dict[str, CheckResult]


@dataclass
class Draining:
    """Set once the process was told to stop: it goes on answering, and its health asks for no more requests."""

    active: bool = False


draining = Draining()


class HealthChecks:
    """Runs all checks side by side, each with a time limit, and remembers the outcome for a second."""

    def __init__(self, checks: Mapping[str, Check], required: frozenset[str], timeout: float) -> None:
        self._checks = checks
        self._required = required
        self._timeout = timeout
        self._lock = asyncio.Lock()
        self._last: tuple[float, dict[str, CheckResult]] | None = None

    async def run(self) -> dict[str, CheckResult]:
        """What each check found, at most a second ago."""
        async with self._lock:
            if self._last is not None and time.monotonic() - self._last[0] < CACHE_SECONDS:
                return self._last[1]
            results = await asyncio.gather(*(self._one(name, check) for name, check in self._checks.items()))
            found = dict(zip(self._checks, results, strict=True))
            self._last = (time.monotonic(), found)
            return found

    async def _one(self, name: str, check: Check) -> CheckResult:
        started = time.perf_counter()
        state: State = "ok"
        error: str | None = None
        try:
            async with asyncio.timeout(self._timeout):
                await check()
        except TimeoutError:
            state = "timed out"
        except Exception as failure:
            # The kind only: messages of clients repeat addresses and users.
            state, error = "failed", type(failure).__name__
        return CheckResult(
            state=state,
            required=name in self._required,
            latency_ms=round((time.perf_counter() - started) * 1000, 1),
            error=error,
        )


router = APIRouter(prefix="/health", tags=["health"])


def _checks(request: Request) -> HealthChecks:
    checks: HealthChecks = request.app.state.health
    return checks


@router.get("")
async def live(request: Request, response: Response) -> Liveness:
    """200 while the process serves, 503 once it drains; asks no other service."""
    if draining.active:
        response.status_code = 503
    return Liveness(status="draining" if draining.active else "ok", version=request.app.version)


@router.get("/ready")
async def ready(request: Request, response: Response, checks: Annotated[HealthChecks, Depends(_checks)]) -> Readiness:
    """200 when every required service answers, 503 otherwise and while draining."""
    found = await checks.run()
    missing = [result for result in found.values() if result.state != "ok"]
    status: Literal["ok", "degraded", "unavailable", "draining"] = "ok"
    if draining.active:
        status = "draining"
    elif any(result.required for result in missing):
        status = "unavailable"
    elif missing:
        status = "degraded"
    if status in {"unavailable", "draining"}:
        response.status_code = 503
    return Readiness(status=status, version=request.app.version, checks=found)
