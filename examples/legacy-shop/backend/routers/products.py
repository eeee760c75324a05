from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, UploadFile
from pydantic import BaseModel
from sqlalchemy.orm import Session

from auth import get_current_user
from database import get_db
from minio_service import minio_service
from models import Product, Review, User

router = APIRouter(prefix="/products", tags=["products"])


class NewReview(BaseModel):
    stars: int
    body: str = ""


@router.get("")
def list_products(limit: int = 20, db: Session = Depends(get_db)):
    found = db.query(Product).filter(Product.is_published).order_by(Product.name).limit(limit).all()
    return [{"id": str(product.id), "name": product.name, "price": str(product.price)} for product in found]


@router.post("/{product_id}/photo")
def upload_photo(
    product_id: UUID,
    file: UploadFile,
    db: Session = Depends(get_db),
    user: User = Depends(get_current_user),
):
    product = db.get(Product, product_id)
    if product is None:
        raise HTTPException(404, "No such product")
    url = minio_service.upload_file(file.file, f"products/{product_id}/{file.filename}", file.content_type)
    product.image_urls = [*product.image_urls, url]
    db.commit()
    return {"url": url}


@router.post("/{product_id}/reviews")
def review(
    product_id: UUID,
    body: NewReview,
    db: Session = Depends(get_db),
    user: User = Depends(get_current_user),
):
    entry = Review(product_id=product_id, user_id=user.id, stars=body.stars, body=body.body)
    db.add(entry)
    db.commit()
    return {"id": entry.id}
