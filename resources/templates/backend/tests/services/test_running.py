"""The whole backend as it runs in its container: web server, worker, a person's session."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket
from uuid import uuid4

import httpx
import jwt
import pytest
from sqlalchemy import Connection, create_engine, text

from database import database_url
from settings import Settings
from tests.project import OLD_SECRET
from tests.support import eventually, process, required


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def status_of(url: str) -> int | None:
    """The status of an answer, None without one."""
    try:
        return httpx.get(url, timeout=5).status_code
    except httpx.TransportError:
        return None


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Celery worker; gives the file by which its container's health check knows it."""
    alive = tmp_path_factory.mktemp("worker") / "alive"
    with process(
        "-m", "celery", "-A", "celery_app", "worker", "--concurrency", "1", "--loglevel", "WARNING",
        CELERY_ALIVE_FILE=str(alive),
    ) as running:  # fmt: skip
        eventually(lambda: True if alive.exists() else None)
        yield alive
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
    assert not alive.exists()


@pytest.fixture(scope="module")
def backend(worker: Path) -> Iterator[str]:
    """The web server with two processes, during the changeover."""
    assert worker.exists()
    port = free_port()
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    with process(
        "serve.py", "main:create_app", str(port),
        WEB_CONCURRENCY="2", DRAIN_SECONDS="1", OLD_AUTH_UNTIL=until, OLD_JWT_SECRET=OLD_SECRET,
    ) as running:  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: status_of(f"{url}/health"))
        yield url
        running.send_signal(signal.SIGTERM)
        running.wait(60)


class Auth:
    """The project's Auth service, as the browser and as the administrator."""

    def __init__(self, settings: Settings) -> None:
        self._base = f"{settings.supabase_url}/auth/v1"
        secret = required("SUPABASE_SECRET_KEY")
        self._admin = {"apikey": secret, "Authorization": f"Bearer {secret}"}
        self._public = {"apikey": required("SUPABASE_PUBLISHABLE_KEY")}

    def create(self, email: str, password: str, **changes: object) -> str:
        body = {"email": email, "password": password, "email_confirm": True} | changes
        response = httpx.post(f"{self._base}/admin/users", headers=self._admin, json=body)
        response.raise_for_status()
        user_id: str = response.json()["id"]
        return user_id

    def sign_in(self, email: str, password: str) -> str:
        response = httpx.post(
            f"{self._base}/token?grant_type=password",
            headers=self._public,
            json={"email": email, "password": password},
        )
        response.raise_for_status()
        token: str = response.json()["access_token"]
        return token

    def verify(self, token_hash: str, kind: str) -> httpx.Response:
        body = {"token_hash": token_hash, "type": kind}
        return httpx.post(f"{self._base}/verify", headers=self._public, json=body)


def bearer(token: str) -> dict[str, str]:
    """The header of a signed-in request."""
    return {"Authorization": f"Bearer {token}"}


def test_everything_is_ready(backend: str) -> None:
    body = eventually(
        lambda: ready if (ready := httpx.get(f"{backend}/health/ready").json())["status"] == "ok" else None
    )
    assert {name: check["state"] for name, check in body["checks"].items()} == dict.fromkeys(
        ["database", "redis", "storage", "auth", "celery"], "ok"
    )


def test_a_worker_does_what_it_is_told(worker: Path, settings: Settings) -> None:
    from celery_app import app, echo  # noqa: PLC0415 - reads the settings

    assert settings.redis_url.get_secret_value() == app.conf.broker_url
    assert echo.delay("grüße").get(timeout=30) == "grüße"
    with process("celery_app.py", CELERY_ALIVE_FILE=str(worker)) as check:
        assert check.wait(30) == 0
    with process("celery_app.py", CELERY_ALIVE_FILE=f"{worker}-none") as check:
        assert check.wait(30) == 1


def test_a_session_of_supabase_counts(backend: str, settings: Settings) -> None:
    auth = Auth(settings)
    email = f"{uuid4().hex}@example.com"
    user_id = auth.create(email, "correct horse 1", app_metadata={"role": "editor"})
    me = httpx.get(f"{backend}/auth/me", headers=bearer(auth.sign_in(email, "correct horse 1")))
    assert me.status_code == 200
    assert (me.json()["id"], me.json()["email"]) == (user_id, email)
    assert me.json()["app_metadata"]["role"] == "editor"
    assert httpx.get(f"{backend}/auth/me").status_code == 401


def test_an_old_session_becomes_a_new_one(backend: str, settings: Settings) -> None:
    auth = Auth(settings)
    email = f"{uuid4().hex}@example.com"
    user_id = auth.create(email, "correct horse 1")

    def exchange(subject: str) -> httpx.Response:
        token = jwt.encode({"sub": subject, "exp": int(time.time()) + 600}, OLD_SECRET, "HS256")
        return httpx.post(f"{backend}/auth/exchange", headers=bearer(token))

    answer = exchange(user_id)
    assert answer.status_code == 200
    session = auth.verify(answer.json()["token_hash"], answer.json()["type"])
    assert session.status_code == 200
    me = httpx.get(f"{backend}/auth/me", headers=bearer(session.json()["access_token"])).json()
    assert (me["id"], me["issuer"]) == (user_id, "supabase")
    # The link works once.
    assert auth.verify(answer.json()["token_hash"], answer.json()["type"]).status_code == 403
    assert exchange(str(uuid4())).status_code == 403
    banned = auth.create(f"{uuid4().hex}@example.com", "correct horse 1", ban_duration="24h")
    assert exchange(banned).status_code == 403


def test_an_old_token_that_names_an_address_has_the_accounts_id(settings: Settings) -> None:
    auth = Auth(settings)
    email = f"{uuid4().hex}@example.com"
    user_id = auth.create(email, "correct horse 1")
    banned = f"{uuid4().hex}@example.com"
    auth.create(banned, "correct horse 1", ban_duration="24h")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    def me(subject: str) -> httpx.Response:
        token = jwt.encode({"sub": subject, "exp": int(time.time()) + 600}, OLD_SECRET, "HS256")
        return httpx.get(f"{url}/auth/me", headers=bearer(token))

    with process(
        "serve.py", "main:create_app", str(port),
        WEB_CONCURRENCY="1", DRAIN_SECONDS="0",
        OLD_AUTH_UNTIL=until, OLD_JWT_SECRET=OLD_SECRET, OLD_JWT_SUBJECT="email",
    ):  # fmt: skip
        eventually(lambda: status_of(f"{url}/health"))
        for _ in range(2):
            answer = me(email.upper())
            assert (answer.status_code, answer.json()["id"], answer.json()["issuer"]) == (200, user_id, "old")
        assert me(banned).status_code == 401
        assert me(f"{uuid4().hex}@example.com").status_code == 401


@pytest.fixture
def imported(settings: Settings) -> Iterator[Connection]:
    """The map as an import of two tables with integer ids leaves it."""
    engine = create_engine(database_url(settings), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("create schema if not exists cutover"))
        connection.execute(
            text(
                "create table cutover.imported_users"
                " (source text, old_id text, user_id uuid not null unique, primary key (source, old_id))"
            )
        )
        yield connection
        connection.execute(text("drop table cutover.imported_users"))
    engine.dispose()


def test_an_old_token_with_an_integer_id_has_the_accounts_id(settings: Settings, imported: Connection) -> None:
    auth = Auth(settings)
    user_id, other_id = (auth.create(f"{uuid4().hex}@example.com", "correct horse 1") for _ in range(2))

    def keep(source: str, old_id: str, account: str) -> None:
        imported.execute(
            text("insert into cutover.imported_users values (:source, :old_id, :account)"),
            {"source": source, "old_id": old_id, "account": account},
        )

    keep("public.users", "42", user_id)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    changeover = {"OLD_AUTH_UNTIL": until, "OLD_JWT_SECRET": OLD_SECRET}

    @contextmanager
    def running(**changes: str) -> Iterator[str]:
        port = free_port()
        with process(
            "serve.py", "main:create_app", str(port),
            WEB_CONCURRENCY="1", DRAIN_SECONDS="0", **changeover, **changes,
        ):  # fmt: skip
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: status_of(f"{url}/health"))
            yield url

    def header(subject: str | int) -> dict[str, str]:
        return bearer(jwt.encode({"sub": subject, "exp": int(time.time()) + 600}, OLD_SECRET, "HS256"))

    with running() as url:
        me = httpx.get(f"{url}/auth/me", headers=header("42"))
        assert (me.status_code, me.json()["id"], me.json()["issuer"]) == (200, user_id, "old")
        answer = httpx.post(f"{url}/auth/exchange", headers=header("42"))
        assert answer.status_code == 200
        session = auth.verify(answer.json()["token_hash"], answer.json()["type"])
        assert session.json()["user"]["id"] == user_id
        # Not every login kept to the standard, by which a subject is a text.
        assert httpx.get(f"{url}/auth/me", headers=header(42)).json()["id"] == user_id
        assert httpx.get(f"{url}/auth/me", headers=header("43")).status_code == 401
        assert httpx.post(f"{url}/auth/exchange", headers=header("43")).status_code == 401
    # Two tables have a user 42: nobody may get the other one's account.
    keep("public.staff", "42", other_id)
    with running() as url:
        assert httpx.get(f"{url}/auth/me", headers=header("42")).status_code == 503
        assert httpx.post(f"{url}/auth/exchange", headers=header("42")).status_code == 503
    with running(OLD_JWT_USERS_TABLE="public.staff") as url:
        assert httpx.get(f"{url}/auth/me", headers=header("42")).json()["id"] == other_id


def test_draining_answers_until_the_end(settings: Settings) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    assert settings.supabase_url
    with process("serve.py", "main:create_app", str(port), WEB_CONCURRENCY="2", DRAIN_SECONDS="3") as running:
        eventually(lambda: status_of(f"{url}/health"))
        running.send_signal(signal.SIGTERM)
        eventually(lambda: True if status_of(f"{url}/health") == 503 else None, 2.5)
        assert httpx.post(f"{url}/auth/login").status_code == 410
        assert running.wait(60) == 0
        assert status_of(f"{url}/health") is None


def test_a_process_that_dies_is_replaced(settings: Settings) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    assert settings.supabase_url
    with process("serve.py", "main:create_app", str(port), WEB_CONCURRENCY="2", DRAIN_SECONDS="0") as running:
        eventually(lambda: status_of(f"{url}/health"))
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
        before = children.read_text().split()
        assert len(before) == 2

        os.kill(int(before[0]), signal.SIGKILL)

        def replaced() -> bool | None:
            now = children.read_text().split()
            return True if len(now) == 2 and before[0] not in now else None

        eventually(replaced)
        # The other one may not have been up yet, so a first connection can be refused.
        eventually(lambda: True if status_of(f"{url}/health") == 200 else None)
