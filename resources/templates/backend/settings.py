"""All settings of the backend, read once from the environment and checked at the start."""

from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from environment import load_environment


def _without_slash(url: str) -> str:
    return url.rstrip("/")


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+"), AfterValidator(_without_slash)]
NameList = Annotated[str, NoDecode]


class PoolMode(StrEnum):
    """How the database is reached: directly or by the session pooler, or by the transaction pooler."""

    SESSION = "session"
    TRANSACTION = "transaction"


class OldSubject(StrEnum):
    """What the `sub` claim of the old tokens holds."""

    ID = "id"
    EMAIL = "email"


class Settings(BaseSettings):
    """Names of fields are names of environment variables; `.env.production.example` explains each."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    app_version: str = "development"
    log_level: str = "INFO"
    cors_origins: NameList = ""
    web_concurrency: int = Field(default=2, ge=1, le=64)
    drain_seconds: float = Field(default=20, ge=0, le=600)
    health_timeout_seconds: float = Field(default=2, gt=0, le=30)
    health_required: NameList = "database,redis"

    supabase_url: Url
    supabase_secret_key: SecretStr | None = None
    supabase_jwt_issuer: Url | None = None
    supabase_jwt_audience: str = "authenticated"
    supabase_jwt_algorithms: NameList = "ES256,RS256,EdDSA"
    supabase_jwt_secret: SecretStr | None = None
    jwt_leeway_seconds: float = Field(default=30, ge=0, le=300)

    old_auth_until: AwareDatetime | None = None
    old_jwt_secret: SecretStr | None = None
    old_jwt_algorithm: str = Field(default="HS256", pattern=r"^HS(256|384|512)$")
    old_jwt_issuer: str | None = None
    old_jwt_audience: str | None = None
    old_jwt_subject: OldSubject = OldSubject.ID
    old_jwt_users_table: str | None = None

    database_url: SecretStr
    database_pool_mode: PoolMode | None = None
    database_pool_size: int = Field(default=2, ge=1, le=100)
    database_max_overflow: int = Field(default=1, ge=0, le=100)
    database_keep_connections: bool = True
    database_ssl_mode: str = Field(default="verify-full", pattern=r"^(disable|require|verify-ca|verify-full)$")
    database_ssl_root_cert: str = "system"
    database_ca_certificate: str | None = None
    database_statement_timeout_ms: int = Field(default=15_000, ge=0)

    r2_endpoint: Url
    r2_access_key_id: str
    r2_secret_access_key: SecretStr
    r2_bucket: str
    r2_region: str = "auto"
    r2_public_url: Url | None = None
    upload_max_bytes: int = Field(default=50 * 1024 * 1024, ge=1)

    redis_url: SecretStr = SecretStr("redis://redis:6379/0")

    @property
    def issuer(self) -> str:
        """What the `iss` claim of the project's tokens must be."""
        return self.supabase_jwt_issuer or f"{self.supabase_url}/auth/v1"

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The asymmetric algorithms that are accepted."""
        return _names(self.supabase_jwt_algorithms)

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of browsers that may call the API."""
        return _names(self.cors_origins)

    @property
    def required_checks(self) -> frozenset[str]:
        """The services without which the backend is not ready."""
        return frozenset(_names(self.health_required))

    def old_auth_open(self, now: datetime | None = None) -> bool:
        """Whether tokens of the old login still count. It ends by itself at OLD_AUTH_UNTIL."""
        return self.old_auth_until is not None and (now or datetime.now(UTC)) < self.old_auth_until

    @model_validator(mode="after")
    def _check(self) -> Self:
        unknown = set(self.algorithms) - {"ES256", "RS256", "EdDSA"}
        if unknown:
            raise ValueError("SUPABASE_JWT_ALGORITHMS may hold ES256, RS256 and EdDSA only")
        if self.old_auth_until is not None and self.old_jwt_secret is None:
            raise ValueError("OLD_AUTH_UNTIL is set without OLD_JWT_SECRET")
        by_email = self.old_jwt_subject is OldSubject.EMAIL
        if self.old_auth_until is not None and by_email and self.supabase_secret_key is None:
            raise ValueError("OLD_JWT_SUBJECT=email needs SUPABASE_SECRET_KEY, by which the account's id is found")
        for name, secret in (
            ("OLD_JWT_SECRET", self.old_jwt_secret),
            ("SUPABASE_JWT_SECRET", self.supabase_jwt_secret),
        ):
            if secret is not None and len(secret.get_secret_value().encode()) < 32:  # noqa: PLR2004
                raise ValueError(f"{name} is shorter than 32 bytes and could be guessed from any token")
        return self


@lru_cache
def get_settings() -> Settings:
    """The settings of this process. Raises a ValidationError that names each missing variable."""
    load_environment()
    return Settings()  # type: ignore[call-arg,unused-ignore]  # values come from the environment
