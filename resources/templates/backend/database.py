"""The connection to Supabase's PostgreSQL.

Two ways lead there. Directly or by the **session pooler** (port 5432) each client holds a server connection: the
pool below keeps few of them, because all web and Celery processes together must stay under the pooler's limit.
By the **transaction pooler** (port 6543) a server connection is lent for one transaction: no statement is prepared
and nothing is set for a session, because the next transaction may run on another server connection. Connections to
that pooler are cheap for it and dear to make (TCP, TLS, SCRAM), so they are kept too, unless
DATABASE_KEEP_CONNECTIONS is false: then every transaction makes its own (NullPool).
"""

import asyncio
import os
import select
import time
from collections.abc import AsyncIterator
from functools import lru_cache
from tempfile import NamedTemporaryFile
from typing import Annotated, Any

import anyio
from fastapi import Depends, HTTPException
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection

from settings import PoolMode, Settings, get_settings

TRANSACTION_POOLER_PORT = 6543
SILENCE_SECONDS = 15
"""After so long a connection is asked whether it lives."""
CONNECTION_WAIT_SECONDS = 10
"""How long a request waits for a database connection before it is told to come again."""


class Base(DeclarativeBase):
    """The base of the application's models."""


def database_url(settings: Settings) -> URL:
    """The address with the driver that is used, whichever spelling was given."""
    url = make_url(settings.database_url.get_secret_value())
    return url.set(drivername="postgresql+psycopg")


def pool_mode(settings: Settings) -> PoolMode:
    """As set; otherwise told from the port."""
    if settings.database_pool_mode is not None:
        return settings.database_pool_mode
    port = database_url(settings).port
    return PoolMode.TRANSACTION if port == TRANSACTION_POOLER_PORT else PoolMode.SESSION


def connect_arguments(settings: Settings) -> dict[str, Any]:
    """What psycopg gets beside the address."""
    arguments: dict[str, Any] = {
        "application_name": f"backend {settings.app_version}",
        "connect_timeout": 10,
        "keepalives_idle": 30,
        "sslmode": settings.database_ssl_mode,
        # psycopg prepares what it sees often; behind a pooler another session would not know the statement.
        "prepare_threshold": None,
    }
    if settings.database_ssl_mode.startswith("verify"):
        arguments["sslrootcert"] = _root_certificate(settings)
    return arguments


def _root_certificate(settings: Settings) -> str:
    """The file with the certificate authority; one given as text is written into the container's own /tmp."""
    if settings.database_ca_certificate is None:
        return settings.database_ssl_root_cert
    with NamedTemporaryFile("w", prefix="database-ca-", suffix=".pem", delete=False) as file:
        file.write(settings.database_ca_certificate)
    return file.name


def create_database_engine(settings: Settings) -> Engine:
    """An engine for the way that the settings name. Connects on first use."""
    by_transaction = pool_mode(settings) is PoolMode.TRANSACTION
    if by_transaction and not settings.database_keep_connections:
        return create_engine(database_url(settings), poolclass=NullPool, connect_args=connect_arguments(settings))
    engine = create_engine(
        database_url(settings),
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_max_overflow,
        pool_timeout=CONNECTION_WAIT_SECONDS,
        pool_recycle=300,
        pool_use_lifo=True,
        connect_args=connect_arguments(settings),
    )
    _look_before_use(engine)
    if by_transaction:
        return engine

    # Not a start-up option, which poolers refuse. In transaction mode the setting would stay with a stranger.
    @event.listens_for(engine, "connect")
    def limit_statements(connection: DBAPIConnection, _record: object) -> None:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"set statement_timeout = {settings.database_statement_timeout_ms}")
        cursor.close()
        connection.autocommit = False

    return engine


def _look_before_use(engine: Engine) -> None:
    """Poolers close connections: a stale one is replaced before a request meets it.

    The other side's farewell lies in the socket, where looking costs no question; only after some silence one is
    asked, because a line that broke says nothing. `pool_pre_ping` asks for each request, which is dear when it is
    answered by one quick query.
    """

    @event.listens_for(engine, "checkin")
    def note_time(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def look(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        idle_since: float | None = record.info.get("idle_since")
        if idle_since is None:
            return
        try:
            said = select.poll()
            said.register(connection.fileno(), select.POLLIN)
            if said.poll(0) or time.monotonic() - idle_since > SILENCE_SECONDS:
                engine.dialect.do_ping(connection)
        except Exception as error:
            # The others are as old as this one.
            raise InvalidatePoolError from error


@lru_cache
def get_engine() -> Engine:
    """The engine of this process."""
    engine = create_database_engine(get_settings())
    # Celery forks its workers: what the parent has open is not theirs to speak on.
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
    return engine


@lru_cache
def _session_factory() -> sessionmaker[Session]:
    return sessionmaker(get_engine(), expire_on_commit=False)


def SessionLocal() -> Session:  # noqa: N802 - the name that applications import
    """A session outside a request, in a Celery task say. Use it as a context manager."""
    return _session_factory()()


@lru_cache
def _free_connections() -> asyncio.Semaphore:
    settings = get_settings()
    return asyncio.Semaphore(settings.database_pool_size + settings.database_max_overflow)


async def get_db() -> AsyncIterator[Session]:
    """A session for one request; what was not committed is rolled back.

    Requests wait here, before they take one of the few threads. Were they to wait for a connection inside a thread,
    those that hold the connections would find no thread left to finish in, and everybody would wait for everybody.
    """
    free = _free_connections()
    try:
        async with asyncio.timeout(CONNECTION_WAIT_SECONDS):
            await free.acquire()
    except TimeoutError as error:
        raise HTTPException(503, "The database is busy.", {"Retry-After": "1"}) from error
    try:
        session = SessionLocal()
        try:
            yield session
        finally:
            # Also for a request that was given up: the connection has to come back.
            with anyio.CancelScope(shield=True):
                if session.in_transaction():
                    await run_in_threadpool(session.close)
                else:
                    session.close()
    finally:
        free.release()


Database = Annotated[Session, Depends(get_db)]


def check_database(engine: Engine) -> None:
    """Asks the database for an answer; raises when there is none."""
    with engine.connect() as connection:
        connection.execute(text("select 1"))
