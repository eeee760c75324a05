from types import SimpleNamespace
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from auth import get_current_user
from database import get_db
from main import app


class NoOrders:
    def __getattr__(self, _name):
        return lambda *_args: self

    def all(self):
        return []

    def get(self, *_args):
        return None


@pytest.fixture
def client():
    app.dependency_overrides[get_current_user] = lambda: SimpleNamespace(id=uuid4(), email="ada@example.com")
    app.dependency_overrides[get_db] = NoOrders
    yield TestClient(app)
    app.dependency_overrides.clear()


def test_lists_the_orders_of_the_user(client):
    assert client.get("/api/orders").json() == []


def test_does_not_show_the_order_of_somebody_else(client):
    assert client.get("/api/orders/1").status_code == 404


def test_asks_to_sign_in():
    assert TestClient(app).get("/api/orders").status_code == 401
