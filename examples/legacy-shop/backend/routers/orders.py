from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy.orm import Session

from auth import get_current_user
from database import get_db
from models import Order, User

router = APIRouter(prefix="/orders", tags=["orders"])


@router.get("")
def my_orders(db: Session = Depends(get_db), user: User = Depends(get_current_user)):
    found = db.query(Order).filter(Order.user_id == user.id).order_by(Order.placed_at.desc()).all()
    return [{"id": order.id, "total": str(order.total)} for order in found]


@router.get("/{order_id}")
def one_order(order_id: int, db: Session = Depends(get_db), user: User = Depends(get_current_user)):
    order = db.get(Order, order_id)
    if order is None or order.user_id != user.id:
        raise HTTPException(404, "No such order")
    return {"id": order.id, "total": str(order.total), "notes": order.notes}


@router.put("/{order_id}/notes")
def write_notes(
    order_id: int,
    body: dict,
    db: Session = Depends(get_db),
    user: User = Depends(get_current_user),
):
    order = db.get(Order, order_id)
    if order is None or order.user_id != user.id:
        raise HTTPException(404, "No such order")
    order.notes = body.get("notes")
    db.commit()
    return {"id": order.id}
