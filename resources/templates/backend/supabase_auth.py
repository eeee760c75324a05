"""Who sends a request: validates access tokens of Supabase Auth.

Replaces the application's own `auth.py`. A token is accepted when its algorithm is one of the allowed, its key is
published by the project, and issuer, audience and expiry are right. The algorithm never comes from the token alone.
During the changeover tokens of the old login count too, until OLD_AUTH_UNTIL.
"""

import asyncio
import json
import logging
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import jwt
from fastapi import Depends, HTTPException, Request, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from auth_admin import Account, AuthAdmin, OldIdentity
from old_users import OldUserMap, UserMapError
from settings import OldSubject, Settings

KEY_LIFETIME_SECONDS = 600
"""The project's own caches keep its keys for ten minutes."""
REFETCH_PAUSE_SECONDS = 30
"""A flood of tokens with made-up key ids must not become a flood of requests to the project."""
OLD_ACCOUNT_SECONDS = 60
"""So long an old token goes on to count after its account was banned."""
FIRST_FETCH_PAUSE_SECONDS = 2
"""Until the first keys are there, no token can be judged at all."""

VERIFIED_TOKENS = 10_000
"""So many tokens are remembered as verified, by their hashes."""

_log = logging.getLogger(__name__)
_KEY_TYPES = {"ES256": ("EC", "P-256"), "RS256": ("RSA", None), "EdDSA": ("OKP", "Ed25519")}


class TokenError(Exception):
    """The token is not accepted. The message is for the caller and says nothing about keys."""


class AuthUnavailableError(Exception):
    """The project does not answer: the token can't be judged."""


class KeysUnavailableError(AuthUnavailableError):
    """The project's keys can't be read and none are known."""


@dataclass(frozen=True)
class CurrentUser:
    """The person behind a request."""

    id: UUID
    """The id in `auth.users`. Where the old users table had uuids, it is the same one."""
    email: str | None
    role: str
    issuer: Literal["supabase", "old"]
    is_anonymous: bool = False
    app_metadata: dict[str, Any] = field(default_factory=dict)
    """Set by the backend only: authorise by this."""
    user_metadata: dict[str, Any] = field(default_factory=dict)
    """The user can change it: never authorise by this."""
    session_id: str | None = None
    assurance: str | None = None
    """`aal1`, or `aal2` after a second factor."""


class KeySet:
    """The public keys of a project, cached; an unknown key id leads to one new request in thirty seconds."""

    def __init__(self, url: str, client: httpx.AsyncClient, algorithms: tuple[str, ...]) -> None:
        self._url = url
        self._client = client
        self._algorithms = algorithms
        self._keys: dict[str, jwt.PyJWK] = {}
        self._entries: dict[str, dict[str, Any]] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def key(self, kid: str, algorithm: str) -> jwt.PyJWK:
        """The key with this id for this algorithm. Raises TokenError and KeysUnavailableError."""
        known = self._keys.get(kid)
        if known is None or self._expired():
            await self._refresh(kid)
            known = self._keys.get(kid)
        if known is None:
            if self._fetched_at is None:
                raise KeysUnavailableError
            raise TokenError("The token was signed with a key that this project does not have.")
        if known.algorithm_name != algorithm:
            raise TokenError("The token's algorithm is not that of its key.")
        return known

    async def check(self) -> None:
        """Reads the keys anew, for the health check; raises KeysUnavailableError."""
        if not await self._fetch():
            raise KeysUnavailableError

    def _expired(self) -> bool:
        return self._fetched_at is None or time.monotonic() - self._fetched_at > KEY_LIFETIME_SECONDS

    async def _refresh(self, kid: str) -> None:
        async with self._lock:
            # Whoever waited for the lock finds what the one before has read.
            if kid in self._keys and not self._expired():
                return
            pause = FIRST_FETCH_PAUSE_SECONDS if self._fetched_at is None else REFETCH_PAUSE_SECONDS
            if self._tried_at is not None and time.monotonic() - self._tried_at < pause:
                return
            await self._fetch()

    async def _fetch(self) -> bool:
        """Reads the keys; a failure leaves the known ones in use, so that the project's hiccup signs nobody out."""
        self._tried_at = time.monotonic()
        try:
            response = await self._client.get(self._url, timeout=5)
            response.raise_for_status()
            entries = {entry["kid"]: entry for entry in response.json()["keys"] if entry.get("kid")}
            keys = {
                kid: key for kid, entry in entries.items() if (key := self._known_or_parsed(kid, entry)) is not None
            }
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):
            return False
        self._keys, self._entries = keys, entries
        self._fetched_at = time.monotonic()
        return True

    def _known_or_parsed(self, kid: str, entry: dict[str, Any]) -> jwt.PyJWK | None:
        """A key that is published as it was stays the same object: what was verified with it goes on to count."""
        return self._keys.get(kid) if self._entries.get(kid) == entry else self._parse(entry)

    def _parse(self, entry: dict[str, Any]) -> jwt.PyJWK | None:
        for algorithm in self._algorithms:
            key_type, curve = _KEY_TYPES[algorithm]
            if entry.get("kty") == key_type and curve in (None, entry.get("crv")):
                if entry.get("alg", algorithm) != algorithm or entry.get("use", "sig") != "sig":
                    return None
                try:
                    return jwt.PyJWK(entry, algorithm=algorithm)
                except jwt.PyJWTError:
                    return None
        return None


@dataclass(frozen=True)
class _Verified:
    """What has to be so still for a token that was verified before to count again."""

    key: jwt.PyJWK | str
    kid: str | None
    algorithm: str
    expires_at: float
    """By the clock of the day, the leeway included."""


class TokenVerifier:
    """Judges access tokens by the settings. One instance serves a process.

    A token comes with every request of its session, and its signature is the dearest part of judging it. So the
    verdict is remembered, for as long as the token has not expired and the project goes on to publish the very key
    that it was verified with.
    """

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        key = settings.supabase_secret_key
        self.admin = None if key is None else AuthAdmin(client, settings.supabase_url, key.get_secret_value())
        self._verified: dict[bytes, _Verified] = {}
        self._old_users = OldUserMap(settings)
        self._old_accounts: dict[OldIdentity, tuple[float, Account | None]] = {}
        self.keys = KeySet(f"{settings.supabase_url}/auth/v1/.well-known/jwks.json", client, settings.algorithms)

    async def verify(self, token: str) -> CurrentUser:
        """The user of a valid token. Raises TokenError and AuthUnavailableError."""
        digest = sha256(token.encode()).digest()
        known = self._verified.get(digest)
        if known is not None:
            if await self._still_counts(known):
                return _user(_payload(token))
            self._verified.pop(digest, None)
        try:
            header = jwt.get_unverified_header(token)
            claimed = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise TokenError("The token can't be read.") from error
        algorithm = header.get("alg")
        if claimed.get("iss") != self._settings.issuer and self._settings.old_auth_open():
            return await self._old_user(self.verify_old(token))
        if algorithm in self._settings.algorithms:
            kid = header.get("kid")
            if not isinstance(kid, str):
                raise TokenError("The token names no key.")
            return self._decode(token, digest, await self.keys.key(kid, algorithm), kid, algorithm)
        if algorithm == "HS256" and self._settings.supabase_jwt_secret is not None:
            return self._decode(token, digest, self._settings.supabase_jwt_secret.get_secret_value(), None, "HS256")
        raise TokenError("The token's algorithm is not accepted.")

    def verify_old(self, token: str) -> OldIdentity:
        """Whom a valid token of the old login names. Raises TokenError, also once the changeover has ended."""
        settings = self._settings
        if not settings.old_auth_open() or settings.old_jwt_secret is None:
            raise TokenError("Tokens of the old login are no longer accepted.")
        required = ["exp", "sub"]
        claims = _claims(
            token,
            settings.old_jwt_secret.get_secret_value(),
            settings.old_jwt_algorithm,
            required,
            issuer=settings.old_jwt_issuer,
            audience=settings.old_jwt_audience,
            leeway=settings.jwt_leeway_seconds,
        )
        subject = str(claims["sub"])
        if settings.old_jwt_subject is OldSubject.EMAIL:
            return OldIdentity(id=None, email=subject.lower())
        claimed = claims.get("email")
        email = claimed.lower() if isinstance(claimed, str) else None
        try:
            return OldIdentity(id=UUID(subject), email=email)
        except ValueError:
            return OldIdentity(id=None, email=email, old_id=subject)

    async def known_old(self, identity: OldIdentity) -> OldIdentity:
        """The same with the account's id, where the old id is no uuid. Raises TokenError and AuthUnavailableError."""
        if identity.old_id is None:
            return identity
        try:
            account_id = await self._old_users.account_id(identity.old_id)
        except UserMapError as error:
            _log.error("A token of the old login can't be judged: %s", error)
            raise AuthUnavailableError from error
        if account_id is None:
            raise TokenError("The token names no user.")
        return replace(identity, id=account_id)

    async def _old_user(self, named: OldIdentity) -> CurrentUser:
        identity = await self.known_old(named)
        if identity.id is not None:
            return CurrentUser(id=identity.id, email=identity.email, role="authenticated", issuer="old")
        account = await self._old_account(identity)
        if account is None:
            raise TokenError("This account can't be used.")
        return CurrentUser(id=account.id, email=account.email, role="authenticated", issuer="old")

    async def _old_account(self, identity: OldIdentity) -> Account | None:
        """The account behind an e-mail: rows and files belong to its id, which the old token does not hold."""
        known = self._old_accounts.get(identity)
        if known is not None and time.monotonic() - known[0] < OLD_ACCOUNT_SECONDS:
            return known[1]
        if self.admin is None:
            raise TokenError("Tokens of the old login are no longer accepted.")
        try:
            account = await self.admin.usable_account(identity)
        except (httpx.HTTPError, KeyError, ValueError) as error:
            raise AuthUnavailableError from error
        # Only the holders of signed tokens get here, so the number of entries is that of people.
        self._old_accounts[identity] = (time.monotonic(), account)
        return account

    async def _still_counts(self, known: _Verified) -> bool:
        if time.time() >= known.expires_at:
            return False
        return known.kid is None or await self.keys.key(known.kid, known.algorithm) is known.key

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        while len(self._verified) >= VERIFIED_TOKENS:
            self._verified.pop(next(iter(self._verified)))
        self._verified[digest] = verified

    def _decode(self, token: str, digest: bytes, key: jwt.PyJWK | str, kid: str | None, algorithm: str) -> CurrentUser:
        settings = self._settings
        claims = _claims(
            token,
            key,
            algorithm,
            ["exp", "iat", "iss", "aud", "sub"],
            issuer=settings.issuer,
            audience=settings.supabase_jwt_audience,
            leeway=settings.jwt_leeway_seconds,
        )
        user = _user(claims)
        self._remember(digest, _Verified(key, kid, algorithm, int(claims["exp"]) + settings.jwt_leeway_seconds))
        return user


def _user(claims: dict[str, Any]) -> CurrentUser:
    role = claims.get("role")
    if not isinstance(role, str):
        raise TokenError("The token names no role.")
    return CurrentUser(
        id=_uuid(claims["sub"]),
        email=_text(claims.get("email")),
        role=role,
        issuer="supabase",
        is_anonymous=claims.get("is_anonymous") is True,
        app_metadata=_mapping(claims.get("app_metadata")),
        user_metadata=_mapping(claims.get("user_metadata")),
        session_id=_text(claims.get("session_id")),
        assurance=_text(claims.get("aal")),
    )


def _payload(token: str) -> dict[str, Any]:
    """What a token says that was verified before. Read anew: no request finds what another one changed in it."""
    middle = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return claims


def _claims(  # noqa: PLR0913 - each is one rule by which a token is judged
    token: str,
    key: jwt.PyJWK | str,
    algorithm: str,
    required: list[str],
    *,
    issuer: str | None,
    audience: str | None,
    leeway: float,
) -> dict[str, Any]:
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=issuer,
            audience=audience,
            leeway=leeway,
            options={
                "require": required,
                "verify_aud": audience is not None,
                "verify_iss": issuer is not None,
                # Old logins signed ids as numbers; what a subject has to be is looked at by whoever asked.
                "verify_sub": False,
            },
        )
    except jwt.ExpiredSignatureError as error:
        raise TokenError("The token has expired.") from error
    except jwt.InvalidAudienceError as error:
        raise TokenError("The token is meant for another audience.") from error
    except jwt.InvalidIssuerError as error:
        raise TokenError("The token comes from another issuer.") from error
    except jwt.MissingRequiredClaimError as error:
        raise TokenError("The token lacks a claim.") from error
    except jwt.ImmatureSignatureError as error:
        raise TokenError("The token is not valid yet.") from error
    except jwt.PyJWTError as error:
        raise TokenError("The token's signature is not valid.") from error


def _uuid(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise TokenError("The token names no user.") from error


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


_bearer = HTTPBearer(auto_error=False, description="The access token of the Supabase session")
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def _unauthorised(message: str) -> HTTPException:
    return HTTPException(
        status.HTTP_401_UNAUTHORIZED,
        {"code": "invalid_token", "message": message},
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


async def _verified(request: Request, token: str) -> CurrentUser:
    verifier: TokenVerifier = request.app.state.verifier
    try:
        return await verifier.verify(token)
    except TokenError as error:
        raise _unauthorised(str(error)) from error
    except AuthUnavailableError as error:
        raise HTTPException(
            status.HTTP_503_SERVICE_UNAVAILABLE,
            {"code": "auth_unavailable", "message": "Sign-in can't be checked at the moment. Try again."},
            headers={"Retry-After": "5"},
        ) from error


async def get_signed_in_user(request: Request, credentials: _Credentials) -> CurrentUser:
    """Whoever holds a valid token, anonymous users too; 401 without one."""
    if credentials is None:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED,
            {"code": "not_signed_in", "message": "Sign in first."},
            headers={"WWW-Authenticate": "Bearer"},
        )
    return await _verified(request, credentials.credentials)


async def get_current_user(user: Annotated[CurrentUser, Depends(get_signed_in_user)]) -> CurrentUser:
    """The person who sends the request; 401 without a valid token, 403 for anonymous users and service keys."""
    if user.is_anonymous or user.role == "anon":
        raise _forbidden("Sign in with an account.")
    if user.role == "service_role":
        raise _forbidden("A service key is no person.")
    return user


async def get_optional_user(request: Request, credentials: _Credentials) -> CurrentUser | None:
    """The person who sends the request, or None without a token or for an anonymous user; 401 for a bad token."""
    if credentials is None:
        return None
    user = await _verified(request, credentials.credentials)
    return None if user.is_anonymous or user.role != "authenticated" else user


def _forbidden(message: str) -> HTTPException:
    return HTTPException(status.HTTP_403_FORBIDDEN, {"code": "forbidden", "message": message})


class RequireRole:
    """A dependency that lets only users pass whose app_metadata lists one of these roles.

    Roles stand in `app_metadata.role` (text) or `app_metadata.roles` (list), which only the backend can write.
    """

    def __init__(self, *roles: str) -> None:
        self._roles = frozenset(roles)

    async def __call__(self, user: Annotated[CurrentUser, Depends(get_current_user)]) -> CurrentUser:
        single = user.app_metadata.get("role")
        several = user.app_metadata.get("roles")
        held = {single} if isinstance(single, str) else set()
        if isinstance(several, list):
            held |= {role for role in several if isinstance(role, str)}
        if not held & self._roles:
            raise _forbidden("This needs a role that you don't have.")
        return user


class RequireAppMetadata:
    """A dependency that lets only users pass whose app_metadata holds these very values."""

    def __init__(self, **wanted: str | int | bool) -> None:
        self._wanted = wanted

    async def __call__(self, user: Annotated[CurrentUser, Depends(get_current_user)]) -> CurrentUser:
        if any(user.app_metadata.get(name) != value for name, value in self._wanted.items()):
            raise _forbidden("Your account may not do this.")
        return user


SignedInUser = Annotated[CurrentUser, Depends(get_current_user)]
OptionalUser = Annotated[CurrentUser | None, Depends(get_optional_user)]
