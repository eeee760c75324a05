"""What is left of `/auth`: who I am, the exchange of an old token, and answers for what has moved.

Signing in, registering and resetting a password happen in the browser, directly at Supabase Auth. The backend stays
out of it: its one address would put everybody under one rate limit.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import httpx
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from settings import Settings, get_settings
from supabase_auth import CurrentUser, SignedInUser, TokenError, TokenVerifier

router = APIRouter(prefix="/auth", tags=["auth"])


class Me(BaseModel):
    """The person who is signed in."""

    id: UUID | None
    email: str | None
    role: str
    issuer: str
    app_metadata: dict[str, Any]
    user_metadata: dict[str, Any]
    session_id: str | None
    assurance: str | None


@router.get("/me")
async def me(user: SignedInUser) -> Me:
    """Who the token belongs to."""
    return Me.model_validate(asdict(user))


class ExchangedToken(BaseModel):
    """What `supabase.auth.verifyOtp({token_hash, type})` needs. It works once and for a short time."""

    token_hash: str
    type: str


_bearer = HTTPBearer(auto_error=False, description="A token of the old login")


def _refused(status: int, code: str, message: str) -> HTTPException:
    return HTTPException(status, {"code": code, "message": message})


@router.post("/exchange")
async def exchange(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    settings: Annotated[Settings, Depends(get_settings)],
) -> ExchangedToken:
    """Turns a valid token of the old login into a Supabase session, so that nobody has to sign in again.

    Off unless OLD_AUTH_UNTIL lies ahead; then 404.
    """
    if not settings.old_auth_open() or settings.supabase_secret_key is None:
        raise _refused(404, "exchange_closed", "Old sessions are no longer exchanged. Sign in again.")
    if credentials is None:
        raise _refused(401, "not_signed_in", "Send the old token.")
    verifier: TokenVerifier = request.app.state.verifier
    try:
        user = verifier.verify_old(credentials.credentials)
    except TokenError as error:
        raise _refused(401, "invalid_token", str(error)) from error
    admin = _AuthAdmin(request.app.state.http, settings.supabase_url, settings.supabase_secret_key.get_secret_value())
    try:
        email = await admin.usable_email(user)
        if email is None:
            raise _refused(403, "no_account", "This account can't be used.")
        return await admin.sign_in_link(email)
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise _refused(503, "auth_unavailable", "Sign-in is not available at the moment.") from error


class _AuthAdmin:
    """The two admin calls that the exchange makes."""

    def __init__(self, client: httpx.AsyncClient, url: str, key: str) -> None:
        self._client = client
        self._base = f"{url}/auth/v1/admin"
        self._headers = {"apikey": key, "Authorization": f"Bearer {key}", "User-Agent": "backend"}

    async def usable_email(self, user: CurrentUser) -> str | None:
        """The confirmed address of an existing user who is not banned."""
        if user.id is not None:
            response = await self._client.get(f"{self._base}/users/{user.id}", headers=self._headers)
            if response.status_code == 404:  # noqa: PLR2004
                return None
            response.raise_for_status()
            account = response.json()
        else:
            # The filter finds parts of addresses; asking for a link would make an account for an unknown one.
            response = await self._client.get(
                f"{self._base}/users", headers=self._headers, params={"filter": user.email, "per_page": 100}
            )
            response.raise_for_status()
            found = [entry for entry in response.json()["users"] if entry.get("email") == user.email]
            account = found[0] if found else {}
        return account["email"] if _usable(account) else None

    async def sign_in_link(self, email: str) -> ExchangedToken:
        """A one-time token for an existing user; Supabase sends no mail for it."""
        response = await self._client.post(
            f"{self._base}/generate_link", headers=self._headers, json={"type": "magiclink", "email": email}
        )
        response.raise_for_status()
        link = response.json()
        return ExchangedToken(token_hash=link["hashed_token"], type=link["verification_type"])


def _usable(user: dict[str, Any]) -> bool:
    banned_until = user.get("banned_until")
    banned = banned_until is not None and datetime.fromisoformat(banned_until) > datetime.now(UTC)
    return bool(user.get("email") and user.get("email_confirmed_at") and not banned)


_MOVED = {
    "login": "supabase.auth.signInWithPassword({ email, password })",
    "token": "supabase.auth.signInWithPassword({ email, password })",
    "register": "supabase.auth.signUp({ email, password })",
    "refresh": "supabase.auth.refreshSession()",
    "logout": "supabase.auth.signOut()",
    "forgot-password": "supabase.auth.resetPasswordForEmail(email, { redirectTo })",
    "reset-password": "supabase.auth.updateUser({ password })",
    "change-password": "supabase.auth.updateUser({ password })",
    "verify-email": "the link in the mail that Supabase sends",
}


@router.post("/{name}", include_in_schema=False)
async def moved(name: str) -> JSONResponse:
    """410 with the new way for each endpoint that the old login had; 404 for others."""
    use = _MOVED.get(name)
    if use is None:
        raise HTTPException(404, {"code": "not_found", "message": "There is no such endpoint."})
    return JSONResponse(
        status_code=410,
        content={
            "detail": {
                "code": "moved",
                "message": f"/auth/{name} is gone: accounts are at Supabase Auth now. Reload the page.",
                "use": use,
            }
        },
    )
