"""Sessions of requests: many at once on few connections."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import text

import database
from database import Database
from settings import PoolMode, get_settings
from tests.support import required

CACHES = (get_settings, database.get_engine, database._session_factory, database._free_connections)


class Answer(BaseModel):
    """Checked in a thread after the route, while the session is still open."""

    pid: int


app = FastAPI()


@app.get("/quick")
def quick(database: Database) -> Answer:
    """Takes a connection for a moment."""
    return Answer(pid=database.execute(text("select pg_backend_pid() from pg_sleep(0.005)")).scalar_one())


@app.get("/slow")
def slow(database: Database) -> Answer:
    """Keeps a connection."""
    return Answer(pid=database.execute(text("select pg_backend_pid() from pg_sleep(1)")).scalar_one())


@pytest.fixture(params=[("DATABASE_URL", PoolMode.SESSION), ("TEST_TRANSACTION_POOLER_URL", PoolMode.TRANSACTION)])
def few_connections(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two connections and no more, in either mode."""
    variable, mode = request.param
    monkeypatch.setenv("DATABASE_URL", required(variable))
    monkeypatch.setenv("DATABASE_POOL_MODE", mode.value)
    monkeypatch.setenv("DATABASE_POOL_SIZE", "2")
    monkeypatch.setenv("DATABASE_MAX_OVERFLOW", "0")
    for cache in CACHES:
        cache.cache_clear()
    yield
    database.get_engine().dispose()
    for cache in CACHES:
        cache.cache_clear()


async def ask(paths: list[str]) -> list[httpx.Response]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://backend", timeout=60) as client:
        return await asyncio.gather(*(client.get(path) for path in paths))


@pytest.mark.usefixtures("few_connections")
def test_two_hundred_requests_at_once_share_two_connections() -> None:
    answers = asyncio.run(ask(["/quick"] * 200))
    assert [answer.status_code for answer in answers] == [200] * 200


@pytest.mark.usefixtures("few_connections")
def test_who_finds_no_connection_in_time_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CONNECTION_WAIT_SECONDS", 0.2)
    answers = asyncio.run(ask(["/slow", "/slow", "/quick"]))
    assert [answer.status_code for answer in answers] == [200, 200, 503]
    assert answers[2].headers["Retry-After"] == "1"
    assert asyncio.run(ask(["/quick"]))[0].status_code == 200
