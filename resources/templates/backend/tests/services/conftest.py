"""Real services, named by the environment. They are written to."""

from collections.abc import Iterator

import pytest

from settings import Settings, get_settings


@pytest.fixture
def settings() -> Iterator[Settings]:
    """The settings as the environment gives them."""
    get_settings.cache_clear()
    yield get_settings()
    get_settings.cache_clear()
