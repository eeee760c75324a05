"""The application."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import httpx
import redis.asyncio
from anyio import to_thread
from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware

import health
from database import check_database, get_engine
from health import Check, HealthChecks
from observability import RequestLog, configure_logging
from routers import auth
from settings import Settings, get_settings
from storage_service import get_storage_service
from supabase_auth import TokenVerifier


def _checks(settings: Settings, verifier: TokenVerifier, store: redis.asyncio.Redis) -> dict[str, Check]:
    limit = settings.health_timeout_seconds

    async def in_thread(call: Callable[[], None]) -> None:
        # Given up, not waited for, when the time is over: a hanging client keeps its thread, not the answer.
        await to_thread.run_sync(call, abandon_on_cancel=True)

    async def ping_redis() -> None:
        await store.ping()

    def ping_worker() -> None:
        from celery_app import check_worker  # noqa: PLC0415 - Celery is slow to load, and only this needs it

        check_worker(limit)

    return {
        "database": lambda: in_thread(lambda: check_database(get_engine())),
        "redis": ping_redis,
        "storage": lambda: in_thread(get_storage_service().check),
        "auth": verifier.keys.check,
        "celery": lambda: in_thread(ping_worker),
    }


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Opens what the application shares, and closes it after the last request."""
    settings = get_settings()
    store: redis.asyncio.Redis = redis.asyncio.from_url(
        settings.redis_url.get_secret_value(), socket_timeout=settings.health_timeout_seconds
    )
    async with httpx.AsyncClient(timeout=10, limits=httpx.Limits(max_connections=20)) as client:
        app.state.http = client
        app.state.verifier = TokenVerifier(settings, client)
        app.state.health = HealthChecks(
            _checks(settings, app.state.verifier, store),
            settings.required_checks,
            settings.health_timeout_seconds,
        )
        yield
    await store.aclose()
    get_engine().dispose()


def create_app(routers: Sequence[APIRouter] = ()) -> FastAPI:
    """The application with the routes given here besides its own."""
    settings = get_settings()
    configure_logging(settings.log_level)
    app = FastAPI(title="Backend", version=settings.app_version, lifespan=lifespan)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.origins),
            allow_credentials=False,
            allow_methods=["*"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID"],
            max_age=600,
        )
    # Last added is outermost: refusals of other middleware get an id and a log line too.
    app.add_middleware(RequestLog)
    for router in (health.router, auth.router, *routers):
        app.include_router(router)
    return app
