"""Which tokens are accepted."""

import base64
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from fastapi.testclient import TestClient

import supabase_auth
from tests.project import OLD_SECRET, USER_ID, Project, SigningKey

Start = Callable[..., AbstractContextManager[TestClient]]
SHARED_SECRET = "a shared secret that is long enough for HS256"


def answer(client: TestClient, token: str) -> tuple[int, str]:
    """Status and reason for a token at /auth/me."""
    response = client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
    body = response.json()
    return response.status_code, body["email"] if response.is_success else body["detail"]["message"]


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_a_good_token_of_each_algorithm_counts(client: Start, project: Project, algorithm: str) -> None:
    with client() as running:
        assert answer(running, project.token(algorithm)) == (200, "ada@example.com")


def test_a_shared_secret_counts_only_where_it_is_set(client: Start, project: Project) -> None:
    token = jwt.encode(project.claims(), SHARED_SECRET, "HS256")
    with client() as running:
        assert answer(running, token) == (401, "The token's algorithm is not accepted.")
    with client(SUPABASE_JWT_SECRET=SHARED_SECRET) as running:
        assert answer(running, token)[0] == 200
        forged = jwt.encode(project.claims(), SHARED_SECRET[::-1], "HS256")
        assert answer(running, forged) == (401, "The token's signature is not valid.")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": int(time.time()) - 31}, "The token has expired."),
        ({"aud": "anon"}, "The token is meant for another audience."),
        ({"aud": None}, "The token lacks a claim."),
        ({"exp": None}, "The token lacks a claim."),
        ({"sub": None}, "The token lacks a claim."),
        ({"iss": "https://other.supabase.co/auth/v1"}, "The token comes from another issuer."),
        ({"iat": int(time.time()) + 3600}, "The token is not valid yet."),
        ({"sub": "42"}, "The token names no user."),
        ({"role": None}, "The token names no role."),
    ],
)
def test_claims_that_are_wrong(client: Start, project: Project, changes: dict[str, Any], reason: str) -> None:
    with client() as running:
        assert answer(running, project.token(**changes)) == (401, reason)


def test_the_clocks_may_differ_by_the_leeway(client: Start, project: Project) -> None:
    with client() as running:
        assert answer(running, project.token(exp=int(time.time()) - 5))[0] == 200


def test_a_token_of_another_project(client: Start, project: Project) -> None:
    foreign = SigningKey("ES256")
    with client() as running:
        unknown = answer(running, foreign.sign(project.claims()))
        assert unknown == (401, "The token was signed with a key that this project does not have.")
        borrowed = answer(running, foreign.sign(project.claims(), kid=project.keys["ES256"].kid))
        assert borrowed == (401, "The token's signature is not valid.")


def test_no_algorithm_and_confused_ones(client: Start, project: Project) -> None:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    rsa = project.keys["RS256"]
    public = rsa.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with client(SUPABASE_JWT_SECRET=SHARED_SECRET) as running:
        for none in ("none", "None", "NONE"):
            unsigned = f"{part({'alg': none, 'kid': rsa.kid})}.{part(project.claims())}."
            assert answer(running, unsigned)[0] == 401
        # The public key as a shared secret.
        head = {"alg": "HS256", "typ": "JWT", "kid": rsa.kid}
        signed = f"{part(head)}.{part(project.claims())}"
        mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signed.encode(), public)
        confused = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        assert answer(running, confused) == (401, "The token's signature is not valid.")
        # The key of one algorithm under the name of another.
        crossed = project.keys["ES256"].sign(project.claims(), kid=rsa.kid)
        assert answer(running, crossed) == (401, "The token's algorithm is not that of its key.")
        assert answer(running, "not a token")[0] == 401


def test_an_algorithm_that_was_taken_off_the_list(client: Start, project: Project) -> None:
    with client(SUPABASE_JWT_ALGORITHMS="ES256") as running:
        assert answer(running, project.token("ES256"))[0] == 200
        assert answer(running, project.token("RS256")) == (401, "The token's algorithm is not accepted.")


def test_a_rotated_key_is_found_with_one_request(
    client: Start, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client() as running:
        assert answer(running, project.token())[0] == 200
        monkeypatch.setitem(project.keys, "ES256", SigningKey("ES256"))
        reads = project.reads
        fresh = project.token()
        # Within the pause after the last request a new key is not looked for.
        assert answer(running, fresh)[0] == 401
        assert project.reads == reads
        monkeypatch.setattr(supabase_auth, "REFETCH_PAUSE_SECONDS", 0)
        assert answer(running, fresh)[0] == 200
        assert project.reads == reads + 1
        monkeypatch.setattr(supabase_auth, "REFETCH_PAUSE_SECONDS", 30)
        for _ in range(20):
            assert answer(running, SigningKey("ES256").sign(project.claims()))[0] == 401
        assert project.reads == reads + 1


def test_a_token_is_verified_once_and_judged_each_time(
    client: Start, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    decode = jwt.decode

    def counting(token: str, *arguments: Any, **options: Any) -> Any:
        if arguments:
            verified.append(token)
        return decode(token, *arguments, **options)

    monkeypatch.setattr(jwt, "decode", counting)
    token = project.token(exp=int(time.time()) + 600, app_metadata={"plan": "paid"})
    head, claims, signature = token.split(".")
    with client() as running:
        for _ in range(3):
            assert answer(running, token) == (200, "ada@example.com")
        assert running.get("/demo/paid", headers={"Authorization": f"Bearer {token}"}).status_code == 200
        assert len(verified) == 1
        # Not the same token: another payload under the same signature, another signature.
        other = project.token(email="eve@example.com").split(".")[1]
        assert answer(running, f"{head}.{other}.{signature}") == (401, "The token's signature is not valid.")
        assert answer(running, f"{head}.{claims}.{signature[::-1]}")[0] == 401
        # Expired in the meantime.
        with monkeypatch.context() as later:
            clock = SimpleNamespace(time=lambda: time.time() + 600 + 31, monotonic=time.monotonic)
            later.setattr(supabase_auth, "time", clock)
            before = len(verified)
            answer(running, token)
            assert len(verified) == before + 1
        # Keys that are read again and are the same change nothing; one that was withdrawn ends what it signed.
        monkeypatch.setattr(supabase_auth, "REFETCH_PAUSE_SECONDS", 0)
        monkeypatch.setattr(supabase_auth, "KEY_LIFETIME_SECONDS", -1)
        before = len(verified)
        fresh = project.token()
        assert [answer(running, fresh)[0] for _ in range(2)] == [200, 200]
        assert len(verified) == before + 1
        monkeypatch.delitem(project.keys, "ES256")
        assert answer(running, fresh) == (401, "The token was signed with a key that this project does not have.")


def test_no_request_finds_what_another_one_changed(client: Start, project: Project) -> None:
    headers = {"Authorization": f"Bearer {project.token(app_metadata={'plan': 'free'})}"}
    with client() as running:
        assert running.get("/demo/upgrade", headers=headers).json() == {"plan": "paid"}
        assert running.get("/demo/paid", headers=headers).status_code == 403


def test_only_so_many_verdicts_are_kept(client: Start, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supabase_auth, "VERIFIED_TOKENS", 3)
    with client() as running:
        for number in range(6):
            assert answer(running, project.token(session_id=f"session {number}"))[0] == 200
        assert len(running.app.state.verifier._verified) == 3  # type: ignore[attr-defined]


def test_known_keys_outlive_a_project_that_is_down(
    client: Start, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supabase_auth, "REFETCH_PAUSE_SECONDS", 0)
    with client() as running:
        assert answer(running, project.token())[0] == 200
        monkeypatch.setattr(project, "down", True)
        monkeypatch.setattr(supabase_auth, "KEY_LIFETIME_SECONDS", -1)
        assert answer(running, project.token())[0] == 200
    with client() as running:
        response = running.get("/auth/me", headers={"Authorization": f"Bearer {project.token()}"})
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"


def test_anonymous_users_and_service_keys_are_no_people(client: Start, project: Project) -> None:
    anonymous = {"Authorization": f"Bearer {project.token(is_anonymous=True)}"}
    service = {"Authorization": f"Bearer {project.token(role='service_role')}"}
    with client() as running:
        for path, headers, status in [
            ("/demo/person", anonymous, 403),
            ("/demo/person", service, 403),
            ("/demo/person", {}, 401),
            ("/demo/anyone", {}, 200),
            ("/demo/anyone", {"Authorization": "Bearer x"}, 401),
        ]:
            assert running.get(path, headers=headers).status_code == status
        assert running.get("/demo/anyone", headers=anonymous).json() == {"signed_in": False}


def test_roles_come_from_app_metadata_alone(client: Start, project: Project) -> None:
    def status(path: str, **changes: Any) -> int:
        headers = {"Authorization": f"Bearer {project.token(**changes)}"}
        code: int = running.get(path, headers=headers).status_code
        return code

    with client() as running:
        assert status("/demo/editor") == 403
        assert status("/demo/editor", user_metadata={"role": "editor"}) == 403
        assert status("/demo/editor", app_metadata={"role": "editor"}) == 200
        assert status("/demo/editor", app_metadata={"roles": ["reader", "owner"]}) == 200
        assert status("/demo/paid", app_metadata={"plan": "free"}) == 403
        assert status("/demo/paid", app_metadata={"plan": "paid"}) == 200


def test_old_tokens_count_until_the_changeover_ends(client: Start, project: Project) -> None:
    old = jwt.encode({"sub": USER_ID, "exp": int(time.time()) + 600}, OLD_SECRET, "HS256")
    forged = jwt.encode({"sub": USER_ID, "exp": int(time.time()) + 600}, OLD_SECRET[::-1], "HS256")
    endless = jwt.encode({"sub": USER_ID}, OLD_SECRET, "HS256")
    header = {"Authorization": f"Bearer {old}"}
    with client() as running:
        assert running.get("/auth/me", headers=header).status_code == 401
        assert running.post("/auth/exchange", headers=header).status_code == 404
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    with client(OLD_AUTH_UNTIL=until, OLD_JWT_SECRET=OLD_SECRET) as running:
        me = running.get("/auth/me", headers=header).json()
        assert (me["id"], me["issuer"]) == (USER_ID, "old")
        assert answer(running, forged)[0] == 401
        assert answer(running, endless)[0] == 401
        assert answer(running, project.token())[0] == 200
        assert running.post("/auth/exchange", headers={"Authorization": f"Bearer {forged}"}).status_code == 401
    ended = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    with client(OLD_AUTH_UNTIL=ended, OLD_JWT_SECRET=OLD_SECRET) as running:
        assert running.get("/auth/me", headers=header).status_code == 401
        assert running.post("/auth/exchange", headers=header).status_code == 404
