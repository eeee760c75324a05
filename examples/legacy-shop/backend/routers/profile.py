from fastapi import APIRouter, Depends, UploadFile
from sqlalchemy.orm import Session

import auth
from database import get_db
from minio_service import minio_service as storage
from models import User

router = APIRouter(prefix="/profile", tags=["profile"])


@router.get("")
def profile(user: User = Depends(auth.get_current_user)):
    return {"id": str(user.id), "email": user.email}


@router.put("/avatar")
def avatar(file: UploadFile, db: Session = Depends(get_db), user: User = Depends(auth.get_current_user)):
    url = storage.upload_file(file.file, f"avatars/{user.id}", file.content_type)
    db.query(User).filter(User.id == user.id).update({"avatar_url": url})
    db.commit()
    return {"url": url}


@router.delete("/avatar")
def no_avatar(db: Session = Depends(get_db), user: User = Depends(auth.get_current_user)):
    storage.delete_file(f"avatars/{user.id}")
    db.query(User).filter(User.id == user.id).update({"avatar_url": None})
    db.commit()
    return {"url": None}
