"""The database, directly, by a session pooler and by a transaction pooler."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError, ProgrammingError

import database
from database import check_database, create_database_engine
from settings import PoolMode, Settings
from tests.support import process, required

WAYS = [
    ("DATABASE_URL", PoolMode.SESSION),
    ("TEST_SESSION_POOLER_URL", PoolMode.SESSION),
    ("TEST_TRANSACTION_POOLER_URL", PoolMode.TRANSACTION),
]


def engine_for(settings: Settings, variable: str, mode: PoolMode, *, keep: bool = True) -> Engine:
    changes = {
        "database_url": required(variable),
        "database_pool_mode": mode,
        "database_keep_connections": keep,
    }
    return create_database_engine(Settings.model_validate(settings.model_dump() | changes))


@pytest.mark.parametrize(("variable", "mode", "keep"), [*[(*way, True) for way in WAYS], (*WAYS[-1], False)])
def test_many_threads_read_and_write(settings: Settings, variable: str, mode: PoolMode, keep: bool) -> None:
    engine = engine_for(settings, variable, mode, keep=keep)
    table = f"backend_{mode}_{variable.lower()}_{keep}"
    with engine.begin() as connection:
        connection.execute(text(f"drop table if exists {table}"))
        connection.execute(text(f"create table {table} (n int primary key, word text not null)"))

    def work(number: int) -> int:
        # The same statement often, which a driver would begin to prepare.
        for step in range(8):
            with engine.begin() as connection:
                connection.execute(
                    text(f"insert into {table} values (:n, :word)"),  # noqa: S608 - a name of the test's own
                    {"n": number * 8 + step, "word": "ö'$"},
                )
        with engine.connect() as connection:
            found = connection.execute(
                text(f"select count(*) from {table} where n / 8 = :n and word = :word"),  # noqa: S608
                {"n": number, "word": "ö'$"},
            )
            return int(found.scalar_one())

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(work, range(32))) == [8] * 32
    with engine.begin() as connection:
        connection.execute(text(f"drop table {table}"))
    engine.dispose()


def test_the_session_keeps_few_connections_and_a_time_limit(settings: Settings) -> None:
    engine = engine_for(
        Settings.model_validate(settings.model_dump() | {"app_version": "few"}), "DATABASE_URL", PoolMode.SESSION
    )
    with engine.connect() as connection:
        limit = connection.execute(text("show statement_timeout")).scalar_one()
        name = connection.execute(text("select current_setting('application_name')")).scalar_one()
        role = connection.execute(text("select rolsuper from pg_roles where rolname = current_user")).scalar_one()
    assert (limit, name, role) == ("15s", "backend few", False)
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda _: check_database(engine), range(60)))
    counted = text("select count(*) from pg_stat_activity where application_name = 'backend few'")
    with engine.connect() as connection:
        assert connection.execute(counted).scalar_one() <= 3
    engine.dispose()


@pytest.mark.parametrize("keep", [True, False])
def test_the_transaction_mode_leaves_nothing_at_the_server(settings: Settings, keep: bool) -> None:
    engine = engine_for(settings, "TEST_TRANSACTION_POOLER_URL", PoolMode.TRANSACTION, keep=keep)
    for _ in range(8):
        with engine.connect() as connection:
            assert connection.execute(text("select count(*) from pg_prepared_statements")).scalar_one() == 0
            # The session is a stranger's afterwards, so it has no time limit of ours.
            limit = text("select count(*) from pg_settings where name = 'statement_timeout' and source = 'session'")
            assert connection.execute(limit).scalar_one() == 0
    assert (engine.pool.status() == "NullPool") is not keep
    engine.dispose()


@pytest.mark.parametrize(("variable", "mode"), WAYS)
def test_a_connection_that_was_closed_is_replaced(settings: Settings, variable: str, mode: PoolMode) -> None:
    engine = engine_for(settings, variable, mode)
    other = engine_for(settings, "DATABASE_URL", PoolMode.SESSION)
    with engine.connect() as connection:
        pid = connection.execute(text("select pg_backend_pid()")).scalar_one()
    with other.begin() as connection:
        connection.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    check_database(engine)
    with pytest.raises(ProgrammingError), engine.connect() as connection:
        connection.execute(text("select * from no_such_table"))
    engine.dispose()
    other.dispose()


def test_a_connection_that_was_silent_is_asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_for(settings, "DATABASE_URL", PoolMode.SESSION)
    asked: list[bool] = []
    ping = engine.dialect.do_ping

    def counting(connection: DBAPIConnection) -> bool:
        asked.append(ping(connection))
        return asked[-1]

    monkeypatch.setattr(engine.dialect, "do_ping", counting)
    for _ in range(3):
        check_database(engine)
    assert asked == []
    monkeypatch.setattr(database, "SILENCE_SECONDS", -1)
    check_database(engine)
    assert asked == [True]
    engine.dispose()


def test_a_forked_process_makes_connections_of_its_own(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", required("DATABASE_URL"))
    assert settings.database_url
    program = """
import os
from sqlalchemy import text
from database import get_engine

def pid():
    with get_engine().connect() as connection:
        return connection.execute(text("select pg_backend_pid()")).scalar_one()

before = pid()
child = os.fork()
if child == 0:
    os._exit(0 if pid() != before else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert pid() == before
"""
    with process("-c", program) as running:
        assert running.wait(30) == 0


def test_a_server_without_tls_is_refused_when_it_must_prove_itself(settings: Settings) -> None:
    strict = Settings.model_validate(settings.model_dump() | {"database_ssl_mode": "verify-full"})
    with pytest.raises(OperationalError, match="SSL"):
        check_database(create_database_engine(strict))
