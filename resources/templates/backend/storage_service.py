"""Files in Cloudflare R2, over its S3 interface. Replaces `minio_service.py` with the same public methods."""

import mimetypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import SEEK_END, SEEK_SET, BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from urllib.parse import quote

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from settings import Settings, get_settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

DEFAULT_CONTENT_TYPE = "application/octet-stream"
MAXIMUM_KEY_BYTES = 1024
MAXIMUM_URL_SECONDS = 7 * 24 * 3600
PART_BYTES = 16 * 1024 * 1024

_RUNS_IN_BROWSERS = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml"})
"""Shown by a browser, these could run scripts under the bucket's address, so they are sent as downloads."""


class StorageError(Exception):
    """The store did not do what was asked. The message holds no key and no signature."""


class FileMissingError(StorageError):
    """There is no such file."""


class FileTooLargeError(StorageError):
    """The file is larger than UPLOAD_MAX_BYTES."""


class BadFileNameError(StorageError):
    """The name can't be that of a file."""


@dataclass(frozen=True)
class StoredFile:
    """What the store tells of a file."""

    name: str
    size: int
    modified: datetime
    etag: str


@dataclass(frozen=True)
class PresignedUpload:
    """An address for one PUT, which must carry exactly these headers."""

    url: str
    headers: dict[str, str]


class StorageService:
    """One bucket. Its methods block: call them from a plain `def` endpoint or a Celery task."""

    def __init__(self, settings: Settings) -> None:
        self._bucket = settings.r2_bucket
        self._public_url = settings.r2_public_url
        self._limit = settings.upload_max_bytes
        self._client: S3Client = boto3.client(
            "s3",
            endpoint_url=settings.r2_endpoint,
            aws_access_key_id=settings.r2_access_key_id,
            aws_secret_access_key=settings.r2_secret_access_key.get_secret_value(),
            region_name=settings.r2_region,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=5,
                read_timeout=30,
                max_pool_connections=20,
                retries={"mode": "standard", "total_max_attempts": 5},
                # R2 does not take the checksums that boto3 adds by itself since 1.36.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        self._transfer = TransferConfig(
            multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=4
        )

    def upload_file(self, file: bytes | BinaryIO, object_name: str, content_type: str | None = None) -> str:
        """Stores a file, in parts when it is large, and returns its address: public, or presigned for an hour.

        Raises FileTooLargeError before anything is sent, BadFileNameError and StorageError.
        """
        name = _checked(object_name)
        stream = BytesIO(file) if isinstance(file, bytes) else file
        stream.seek(0, SEEK_END)
        size = stream.tell()
        stream.seek(0, SEEK_SET)
        self._check_size(size)
        self._call(
            lambda: self._client.upload_fileobj(
                stream, self._bucket, name, ExtraArgs=_headers(name, content_type), Config=self._transfer
            )
        )
        return self.get_file_url(name)

    def download_file(self, object_name: str) -> bytes:
        """The whole file. Raises FileMissingError, and FileTooLargeError when it would not fit the limit."""
        body = self._open(object_name)
        self._check_size(int(body["ContentLength"]))
        with body["Body"] as stream:
            data: bytes = self._call(stream.read)
        return data

    def stream_file(self, object_name: str, chunk_bytes: int = 256 * 1024) -> Iterator[bytes]:
        """The file piece by piece, of any size. Raises FileMissingError before the first piece."""
        body = self._open(object_name)["Body"]

        def pieces() -> Iterator[bytes]:
            with body:
                try:
                    yield from body.iter_chunks(chunk_bytes)
                except BotoCoreError as error:
                    raise StorageError("The store broke off the file.") from error

        return pieces()

    def delete_file(self, object_name: str) -> None:
        """Deletes a file; one that is not there counts as deleted."""
        name = _checked(object_name)
        self._call(lambda: self._client.delete_object(Bucket=self._bucket, Key=name))

    def file_exists(self, object_name: str) -> bool:
        """Whether the file is there."""
        try:
            self.get_file_info(object_name)
        except FileMissingError:
            return False
        return True

    def get_file_info(self, object_name: str) -> StoredFile:
        """Size, date and ETag. Raises FileMissingError."""
        name = _checked(object_name)
        head = self._call(lambda: self._client.head_object(Bucket=self._bucket, Key=name))
        return StoredFile(name, head["ContentLength"], head["LastModified"], head["ETag"].strip('"'))

    def list_files(self, prefix: str = "", limit: int | None = None) -> list[StoredFile]:
        """The files whose names start with the prefix, in the store's order; all of them without a limit."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, PaginationConfig={"MaxItems": limit} if limit else {}
        )
        return self._call(
            lambda: [
                StoredFile(entry["Key"], entry["Size"], entry["LastModified"], entry["ETag"].strip('"'))
                for page in pages
                for entry in page.get("Contents", [])
            ]
        )

    def get_presigned_url(self, object_name: str, expires_seconds: int = 3600) -> str:
        """An address that reads the file until it expires, at most seven days."""
        name = _checked(object_name)
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": name},
            ExpiresIn=min(expires_seconds, MAXIMUM_URL_SECONDS),
        )

    def get_presigned_upload_url(
        self, object_name: str, size: int, content_type: str | None = None, expires_seconds: int = 600
    ) -> PresignedUpload:
        """An address at which a browser can put a file of exactly this size and type.

        Raises FileTooLargeError: the size is signed, so a larger file is refused by the store.
        """
        name = _checked(object_name)
        self._check_size(size)
        extra = _headers(name, content_type)
        url = self._client.generate_presigned_url(
            "put_object",
            Params={"Bucket": self._bucket, "Key": name, "ContentLength": size, **extra},
            ExpiresIn=min(expires_seconds, MAXIMUM_URL_SECONDS),
            HttpMethod="PUT",
        )
        headers = {"Content-Type": extra["ContentType"]}
        if "ContentDisposition" in extra:
            headers["Content-Disposition"] = extra["ContentDisposition"]
        return PresignedUpload(url, headers)

    def get_public_url(self, object_name: str) -> str:
        """The file's address under R2_PUBLIC_URL. Raises StorageError when that is not set."""
        if self._public_url is None:
            raise StorageError("R2_PUBLIC_URL is not set, so files have no public address.")
        return f"{self._public_url}/{quote(_checked(object_name))}"

    def get_file_url(self, object_name: str) -> str:
        """The public address, or without one an address for an hour."""
        if self._public_url is None:
            return self.get_presigned_url(object_name)
        return self.get_public_url(object_name)

    def check(self) -> None:
        """Asks the store for the bucket; raises StorageError when it is out of reach."""
        self._call(lambda: self._client.head_bucket(Bucket=self._bucket))

    def _open(self, object_name: str) -> Any:
        name = _checked(object_name)
        return self._call(lambda: self._client.get_object(Bucket=self._bucket, Key=name))

    def _check_size(self, size: int) -> None:
        if size > self._limit:
            raise FileTooLargeError(f"The file has {size} bytes; {self._limit} are allowed.")

    @staticmethod
    def _call(action: Callable[[], T]) -> T:
        try:
            return action()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in {"404", "NoSuchKey", "NotFound"}:
                raise FileMissingError("There is no such file.") from error
            raise StorageError(f"The store refused: {code}.") from error
        except BotoCoreError as error:
            raise StorageError("The store could not be reached.") from error


def _checked(object_name: str) -> str:
    name = object_name.lstrip("/")
    too_long = len(name.encode()) > MAXIMUM_KEY_BYTES
    if not name or too_long or any(ord(char) < 32 or ord(char) == 127 for char in name):  # noqa: PLR2004
        raise BadFileNameError("A file's name has 1 to 1024 bytes and no control characters.")
    return name


def _headers(name: str, content_type: str | None) -> dict[str, str]:
    kind = content_type or mimetypes.guess_type(name)[0] or DEFAULT_CONTENT_TYPE
    headers = {"ContentType": kind}
    if kind.partition(";")[0].strip().lower() in _RUNS_IN_BROWSERS:
        headers["ContentDisposition"] = "attachment"
    return headers


@lru_cache
def get_storage_service() -> StorageService:
    """The storage of this process; boto3's client may be used by several threads."""
    return StorageService(get_settings())
