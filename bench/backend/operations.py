"""What a shop's backend does all day, on top of the template: lists, single rows, writes and links to files."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, FastAPI, HTTPException
from sqlalchemy import DateTime, Identity, Index, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, Database, get_engine
from main import create_app as create_backend
from storage_service import get_storage_service
from supabase_auth import SignedInUser

ROWS = 20_000
router = APIRouter(prefix="/items")


class Item(Base):
    """A row of the application."""

    __tablename__ = "bench_items"
    __table_args__ = (Index("bench_items_owner_made", "owner", "made_at"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    owner: Mapped[UUID | None]
    title: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


def _shown(item: Item) -> dict[str, object]:
    return {"id": item.id, "title": item.title, "made_at": item.made_at}


@router.get("")
def newest(user: SignedInUser, database: Database) -> list[dict[str, object]]:
    """The newest twenty of everybody."""
    assert user.id is not None
    found = database.scalars(select(Item).order_by(Item.id.desc()).limit(20))
    return [_shown(item) for item in found]


@router.get("/{number}")
def one(number: int, user: SignedInUser, database: Database) -> dict[str, object]:
    """One row."""
    assert user.id is not None
    item = database.get(Item, number)
    if item is None:
        raise HTTPException(404)
    return _shown(item)


@router.post("")
def add(user: SignedInUser, database: Database) -> dict[str, object]:
    """A new row."""
    item = Item(owner=user.id, title=f"Made at {datetime.now(UTC).isoformat()}")
    database.add(item)
    database.commit()
    return {"id": item.id}


@router.get("/{number}/file")
def link(number: int, user: SignedInUser) -> dict[str, str]:
    """A link to a file of the row, signed."""
    return {"url": get_storage_service().get_presigned_url(f"items/{user.id}/{number}.pdf")}


def create_app() -> FastAPI:
    """The backend with these routes."""
    return create_backend([router])


def prepare() -> None:
    """Makes the table and its rows."""
    engine = get_engine()
    Base.metadata.create_all(engine, tables=[Base.metadata.tables["bench_items"]])
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"insert into bench_items (title) select 'Item ' || n from generate_series(1, {ROWS}) n"
        )
        connection.exec_driver_sql("analyze bench_items")


if __name__ == "__main__":
    prepare()
