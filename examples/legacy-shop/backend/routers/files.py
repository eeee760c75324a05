from fastapi import APIRouter, Depends, Response, UploadFile

from auth import get_current_user
from minio_service import minio_service
from models import User

router = APIRouter(prefix="/files")


@router.post("/{name}")
def upload(name: str, file: UploadFile, user: User = Depends(get_current_user)):
    return {"url": minio_service.upload_file(file.file, f"{user.id}/{name}", file.content_type)}


@router.get("/{name}")
def download(name: str, user: User = Depends(get_current_user)):
    return Response(minio_service.download_file(f"{user.id}/{name}"), media_type="application/octet-stream")


@router.delete("/{name}")
def delete(name: str, user: User = Depends(get_current_user)):
    minio_service.delete_file(f"{user.id}/{name}")
    return {"deleted": name}
