"""Files, against two stores that were not written together."""

from io import BytesIO
from uuid import uuid4

import boto3
import httpx
import pytest

from settings import Settings
from storage_service import (
    BadFileNameError,
    FileMissingError,
    FileTooLargeError,
    StorageError,
    StorageService,
)
from tests.support import required

LIMIT = 40 * 1024 * 1024


@pytest.fixture(params=["R2", "TEST_SECOND_STORE"])
def storage(request: pytest.FixtureRequest, settings: Settings) -> StorageService:
    """A new bucket in each store."""
    changes = {
        "r2_endpoint": required(f"{request.param}_ENDPOINT"),
        "r2_access_key_id": required(f"{request.param}_ACCESS_KEY_ID"),
        "r2_secret_access_key": required(f"{request.param}_SECRET_ACCESS_KEY"),
        "r2_region": required(f"{request.param}_REGION"),
        "r2_bucket": f"files-{uuid4().hex[:12]}",
        "upload_max_bytes": LIMIT,
    }
    chosen = Settings.model_validate(settings.model_dump() | changes)
    boto3.client(
        "s3",
        endpoint_url=chosen.r2_endpoint,
        aws_access_key_id=chosen.r2_access_key_id,
        aws_secret_access_key=chosen.r2_secret_access_key.get_secret_value(),
        region_name="us-east-1",
    ).create_bucket(Bucket=chosen.r2_bucket)
    return StorageService(chosen)


def test_a_file_goes_there_and_back(storage: StorageService) -> None:
    storage.check()
    name = "reports/über + 100% #1?.txt"
    url = storage.upload_file("grüße".encode(), name)
    assert storage.download_file(name).decode() == "grüße"
    answer = httpx.get(url)
    assert (answer.status_code, answer.text) == (200, "grüße")
    assert answer.headers["content-type"].startswith("text/plain")
    assert [file.name for file in storage.list_files("reports/")] == [name]
    assert storage.get_file_info(name).size == 7
    storage.delete_file(name)
    storage.delete_file(name)
    assert not storage.file_exists(name)
    assert storage.list_files() == []
    with pytest.raises(FileMissingError):
        storage.download_file(name)
    with pytest.raises(FileMissingError):
        storage.stream_file(name)


def test_a_large_file_goes_in_parts_and_comes_in_pieces(storage: StorageService) -> None:
    data = bytes(range(256)) * 4096 * 33
    storage.upload_file(BytesIO(data), "large.bin")
    assert storage.get_file_info("large.bin").etag.endswith("-3")
    assert b"".join(storage.stream_file("large.bin")) == data
    with pytest.raises(FileTooLargeError):
        storage.upload_file(BytesIO(b"x" * (LIMIT + 1)), "larger.bin")
    assert [file.name for file in storage.list_files(limit=5)] == ["large.bin"]


def test_a_browser_puts_a_file_of_the_agreed_size_and_type(storage: StorageService) -> None:
    upload = storage.get_presigned_upload_url("avatars/1.png", 4, "image/png")
    assert httpx.put(upload.url, content=b"abcd", headers=upload.headers).status_code == 200
    assert storage.download_file("avatars/1.png") == b"abcd"
    with pytest.raises(FileTooLargeError):
        storage.get_presigned_upload_url("avatars/2.png", LIMIT + 1)


def test_pages_and_drawings_are_sent_as_downloads(storage: StorageService) -> None:
    drawing = storage.upload_file(b"<svg/>", "logo.svg")
    assert httpx.get(drawing).headers["content-disposition"] == "attachment"
    picture = storage.upload_file(b"png", "logo.png")
    assert "content-disposition" not in httpx.get(picture).headers


def test_names_and_failures(storage: StorageService, settings: Settings) -> None:
    for name in ["", "/", "a\nb", "ü" * 513]:
        with pytest.raises(BadFileNameError):
            storage.upload_file(b"x", name)
    with pytest.raises(StorageError, match="R2_PUBLIC_URL"):
        storage.get_public_url("a")
    dead = {"r2_endpoint": "http://127.0.0.1:1", "r2_public_url": "https://files.example.com"}
    gone = StorageService(Settings.model_validate(settings.model_dump() | dead))
    assert gone.get_file_url("a b/ü.png") == "https://files.example.com/a%20b/%C3%BC.png"
    with pytest.raises(StorageError, match="could not be reached") as failure:
        gone.check()
    assert settings.r2_secret_access_key.get_secret_value() not in str(failure.value)


def test_the_wrong_size_is_refused_by_the_store(settings: Settings) -> None:
    """Only stores that check signatures can tell, which the second one does not."""
    storage = StorageService(settings)
    upload = storage.get_presigned_upload_url("avatars/1.png", 4, "image/png")
    assert httpx.put(upload.url, content=b"abcde", headers=upload.headers).status_code == 403
    changed = upload.headers | {"Content-Type": "text/html"}
    assert httpx.put(upload.url, content=b"abcd", headers=changed).status_code == 403
