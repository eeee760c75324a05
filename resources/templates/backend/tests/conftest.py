"""A complete set of settings, so that a test changes only what it is about."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from fastapi import APIRouter, Depends
from fastapi.testclient import TestClient

from main import create_app
from settings import Settings, get_settings
from supabase_auth import OptionalUser, RequireAppMetadata, RequireRole, SignedInUser
from tests.project import Project
from tests.support import PLACEHOLDERS

for placeholder, value in PLACEHOLDERS.items():
    os.environ.setdefault(placeholder, value)


@pytest.fixture(scope="session")
def project() -> Iterator[Project]:
    """A stand-in for a Supabase project's Auth, over real HTTP."""
    with Project() as running:
        yield running


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, project: Project) -> Settings:
    """Settings for the stand-in. They point at no other service."""
    values = PLACEHOLDERS | {
        "SUPABASE_URL": project.url,
        "SUPABASE_SECRET_KEY": "sb_secret_test",
        "DATABASE_SSL_MODE": "disable",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "HEALTH_TIMEOUT_SECONDS": "0.5",
        "CORS_ORIGINS": "https://app.example.com",
    }
    for name, text in values.items():
        monkeypatch.setenv(name, text)
    get_settings.cache_clear()
    return get_settings()


demo = APIRouter(prefix="/demo")


@demo.get("/person")
async def person(user: SignedInUser) -> dict[str, str]:
    """For people who are signed in."""
    return {"id": str(user.id)}


@demo.get("/anyone")
async def anyone(user: OptionalUser) -> dict[str, bool]:
    """For everybody."""
    return {"signed_in": user is not None}


@demo.get("/editor", dependencies=[Depends(RequireRole("editor", "owner"))])
async def editor() -> dict[str, bool]:
    """For a role."""
    return {"ok": True}


@demo.get("/paid", dependencies=[Depends(RequireAppMetadata(plan="paid"))])
async def paid() -> dict[str, bool]:
    """For accounts with a mark."""
    return {"ok": True}


@demo.get("/upgrade")
async def upgrade(user: SignedInUser) -> dict[str, str]:
    """Changes what it was given, which is its own."""
    user.app_metadata["plan"] = "paid"
    return {"plan": user.app_metadata["plan"]}


@pytest.fixture
def client(settings: Settings) -> Iterator[Callable[..., AbstractContextManager[TestClient]]]:
    """Starts the application; changed variables can be given."""
    patch = pytest.MonkeyPatch()
    assert settings.supabase_url

    def start(**changes: str) -> AbstractContextManager[TestClient]:
        for name, value in changes.items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        return TestClient(create_app([demo]))

    yield start
    patch.undo()
    get_settings.cache_clear()
