"""Files in MinIO."""

import os
from io import BytesIO

from minio import Minio


class MinioService:
    def __init__(self):
        self.bucket = os.environ.get("MINIO_BUCKET", "uploads")
        self.client = Minio(
            os.environ.get("MINIO_ENDPOINT", "minio:9000"),
            access_key=os.environ.get("MINIO_ACCESS_KEY", "minioadmin"),
            secret_key=os.environ.get("MINIO_SECRET_KEY", "minioadmin"),
            secure=False,
        )

    def ensure_bucket(self):
        if not self.client.bucket_exists(self.bucket):
            self.client.make_bucket(self.bucket)

    def upload_file(self, file, object_name, content_type="application/octet-stream"):
        data = file if isinstance(file, bytes) else file.read()
        self.client.put_object(self.bucket, object_name, BytesIO(data), len(data), content_type=content_type)
        return self.get_file_url(object_name)

    def download_file(self, object_name):
        response = self.client.get_object(self.bucket, object_name)
        try:
            return response.read()
        finally:
            response.close()
            response.release_conn()

    def delete_file(self, object_name):
        self.client.remove_object(self.bucket, object_name)

    def get_file_url(self, object_name):
        return f"http://{os.environ.get('MINIO_ENDPOINT', 'minio:9000')}/{self.bucket}/{object_name}"


minio_service = MinioService()
