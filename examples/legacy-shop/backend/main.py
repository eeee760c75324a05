import os

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from minio_service import minio_service
from routers import auth, files, orders, products, profile

app = FastAPI(title="Shop")

app.add_middleware(
    CORSMiddleware,
    allow_origins=os.environ.get("CORS_ORIGINS", "*").split(","),
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)


@app.on_event("startup")
def startup():
    minio_service.ensure_bucket()


app.include_router(auth.router)
app.include_router(products.router, prefix="/api")
app.include_router(orders.router, prefix="/api")
app.include_router(profile.router, prefix="/api")
app.include_router(files.router, prefix="/api", tags=["files"])


@app.get("/health")
def health():
    return {"status": "ok"}
