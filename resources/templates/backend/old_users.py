"""Which account a user of the old login became, where the old ids are no uuids.

The import keeps that in `cutover.imported_users`, a table of the project's database that no API reaches.
"""

import asyncio
import time
from functools import lru_cache
from uuid import UUID

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from database import connect_arguments, database_url
from settings import Settings, get_settings

UNKNOWN_SECONDS = 60
"""So long somebody who was just carried over may still be unknown here."""


class UserMapError(Exception):
    """The map can't be read, or does not tell whom an id belongs to. The message is for the operator."""


@lru_cache
def _engine() -> Engine:
    """Connections of its own: a request may hold one of the pool's when it asks here."""
    settings = get_settings()
    return create_engine(database_url(settings), poolclass=NullPool, connect_args=connect_arguments(settings))


class OldUserMap:
    """Looks old ids up, one at a time; whoever was found stays known."""

    def __init__(self, settings: Settings) -> None:
        self._tables = None if settings.old_jwt_users_table is None else [settings.old_jwt_users_table]
        self._known: dict[str, UUID] = {}
        self._unknown_until: dict[str, float] = {}
        self._lock = asyncio.Lock()

    async def account_id(self, old_id: str) -> UUID | None:
        """The account's id; None for whom nothing was imported. Raises UserMapError."""
        if (known := self._known.get(old_id)) is not None:
            return known
        async with self._lock:
            # Whoever waited for the lock finds what the one before has read.
            if old_id in self._known or time.monotonic() < self._unknown_until.get(old_id, 0):
                return self._known.get(old_id)
            found = await run_in_threadpool(self._read, old_id)
            # Only the holders of signed tokens get here, so the number of entries is that of people.
            if found is None:
                self._unknown_until[old_id] = time.monotonic() + UNKNOWN_SECONDS
            else:
                self._known[old_id] = found
            return found

    def _read(self, old_id: str) -> UUID | None:
        try:
            with _engine().connect() as connection:
                tables = self._tables or _imported_tables(connection)
                found = connection.execute(
                    text(
                        "select user_id from cutover.imported_users where source = any (:tables) and old_id = :old_id"
                    ),
                    {"tables": tables, "old_id": old_id},
                ).scalars()
                ids = [UUID(str(value)) for value in found]
        except SQLAlchemyError as error:
            raise UserMapError("cutover.imported_users can't be read by the role of DATABASE_URL.") from error
        if ids:
            self._tables = tables
        if len(ids) > 1:
            raise UserMapError(f"Several tables of users were imported: set OLD_JWT_USERS_TABLE, one of {tables}.")
        return ids[0] if ids else None


def _imported_tables(connection: Connection) -> list[str]:
    return list(connection.execute(text("select distinct source from cutover.imported_users")).scalars())
