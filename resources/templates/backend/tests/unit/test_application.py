"""Health, answers for what has moved, request ids, logs, CORS, settings and the environment."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

import health
from database import connect_arguments, create_database_engine, pool_mode
from environment import EnvironmentValueError, load_environment
from settings import PoolMode, Settings, get_settings
from tests.project import Project

Start = Callable[..., AbstractContextManager[TestClient]]


def test_alive_without_any_service_and_not_ready_without_the_database(client: Start) -> None:
    with client() as running:
        assert running.get("/health").json() == {"status": "ok", "version": "development"}
        response = running.get("/health/ready")
        assert response.status_code == 503
        body = response.json()
        assert body["status"] == "unavailable"
        assert set(body["checks"]) == {"database", "redis", "storage", "auth", "celery"}
        assert body["checks"]["auth"]["state"] == "ok"
        assert body["checks"]["database"]["state"] in {"failed", "timed out"}
        assert body["checks"]["storage"]["required"] is False
        # No address, user or password of a service in the answer.
        assert "127.0.0.1" not in response.text
        assert "password" not in response.text


def test_a_missing_service_that_is_not_required_degrades(client: Start) -> None:
    with client(HEALTH_REQUIRED="auth") as running:
        response = running.get("/health/ready")
        assert (response.status_code, response.json()["status"]) == (200, "degraded")


def test_draining_asks_for_no_more_requests(client: Start, monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    monkeypatch.setattr(health.draining, "active", True)
    with client() as running:
        assert running.get("/health").status_code == 503
        assert running.get("/health/ready").json()["status"] == "draining"
        headers = {"Authorization": f"Bearer {project.token()}"}
        assert running.get("/auth/me", headers=headers).status_code == 200


@pytest.mark.parametrize("name", ["login", "register", "refresh", "logout", "forgot-password", "reset-password"])
def test_what_moved_says_where_to(client: Start, name: str) -> None:
    with client() as running:
        response = running.post(f"/auth/{name}", json={"password": "x"})
        assert response.status_code == 410
        assert response.json()["detail"]["use"].startswith("supabase.auth.")
        assert running.post("/auth/nothing").status_code == 404


def test_request_ids_and_logs(client: Start, capsys: pytest.CaptureFixture[str], project: Project) -> None:
    token = project.token()
    with client() as running:
        given = running.get(
            "/auth/me?secret=1", headers={"X-Request-ID": "abcdefgh-1", "Authorization": f"Bearer {token}"}
        )
        made = running.get("/auth/me", headers={"X-Request-ID": "a b\nc"})
    assert given.headers["X-Request-ID"] == "abcdefgh-1"
    assert len(made.headers["X-Request-ID"]) == 32
    printed = capsys.readouterr().out
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    [line] = [line for line in lines if line.get("request_id") == "abcdefgh-1"]
    assert (line["path"], line["status"], line["level"]) == ("/auth/me", 200, "INFO")
    assert token not in printed
    assert "secret=1" not in printed


def test_only_listed_origins_may_call(client: Start) -> None:
    with client() as running:
        ask = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
        good = running.options("/auth/me", headers={"Origin": "https://app.example.com", **ask})
        bad = running.options("/auth/me", headers={"Origin": "https://evil.example.com", **ask})
    assert good.headers["access-control-allow-origin"] == "https://app.example.com"
    assert bad.status_code == 400
    assert "access-control-allow-origin" not in bad.headers


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SUPABASE_URL": ""}, "supabase_url"),
        ({"SUPABASE_URL": "project.supabase.co"}, "supabase_url"),
        ({"SUPABASE_JWT_ALGORITHMS": "ES256,none"}, "SUPABASE_JWT_ALGORITHMS"),
        ({"OLD_AUTH_UNTIL": "2030-01-01T00:00:00Z"}, "OLD_JWT_SECRET"),
        ({"OLD_AUTH_UNTIL": "2030-01-01T00:00:00Z", "OLD_JWT_SECRET": "hunter2"}, "shorter than 32 bytes"),
        ({"DATABASE_SSL_MODE": "prefer"}, "database_ssl_mode"),
    ],
)
def test_bad_settings_are_named_and_not_repeated(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], named: str
) -> None:
    assert settings.issuer.endswith("/auth/v1")
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    with pytest.raises(ValidationError) as failure:
        get_settings()
    assert named in str(failure.value)
    assert "hunter2" not in str(failure.value)


def test_the_way_to_the_database_follows_from_the_port(settings: Settings) -> None:
    def at(url: str, **changes: object) -> Settings:
        return Settings.model_validate({**settings.model_dump(), "database_url": url, **changes})

    session = at("postgres://u:p@pooler.example.com:5432/postgres")
    transaction = at("postgresql://u:p@pooler.example.com:6543/postgres", database_ssl_mode="verify-full")
    assert pool_mode(session) is PoolMode.SESSION
    assert pool_mode(transaction) is PoolMode.TRANSACTION
    assert pool_mode(at("postgres://u:p@h:6543/d", database_pool_mode="session")) is PoolMode.SESSION
    assert create_database_engine(session).dialect.driver == "psycopg"
    assert create_database_engine(transaction).pool.__class__.__name__ == "QueuePool"
    keeping_none = at("postgres://u:p@h:6543/d", database_keep_connections=False)
    assert create_database_engine(keeping_none).pool.__class__.__name__ == "NullPool"
    arguments = connect_arguments(transaction)
    assert arguments["prepare_threshold"] is None
    assert (arguments["sslmode"], arguments["sslrootcert"]) == ("verify-full", "system")
    given = at("postgresql://u:p@h/d", database_ssl_mode="verify-full", database_ca_certificate="-----BEGIN\n")
    assert Path(connect_arguments(given)["sslrootcert"]).read_text() == "-----BEGIN\n"


def test_environment(tmp_path: Path) -> None:
    (tmp_path / "R2_SECRET_ACCESS_KEY").write_text("from a file\n")
    (tmp_path / "SET").write_text("from a file")
    environment = {"SET": "given", "PLAIN": "a$b#c", "CODED": "base64:YSQiJyMKw6Q=", "TWICE": "base64:YmFzZTY0Ong="}
    load_environment(environment, tmp_path)
    load_environment(environment, tmp_path)
    assert environment == {
        "SET": "given",
        "PLAIN": "a$b#c",
        "CODED": "a$\"'#\nä",
        "TWICE": "base64:x",
        "ENVIRONMENT_LOADED": "1",
        "R2_SECRET_ACCESS_KEY": "from a file",
    }
    with pytest.raises(EnvironmentValueError, match="BAD starts with") as failure:
        load_environment({"BAD": "base64:hunter2!"}, tmp_path)
    assert "hunter2" not in str(failure.value)
