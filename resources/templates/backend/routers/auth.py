"""What is left of `/auth`: who I am, the exchange of an old token, and answers for what has moved.

Signing in, registering and resetting a password happen in the browser, directly at Supabase Auth. The backend stays
out of it: its one address would put everybody under one rate limit.
"""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import httpx
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from auth_admin import OneTimeToken
from settings import Settings, get_settings
from supabase_auth import AuthUnavailableError, SignedInUser, TokenError, TokenVerifier

router = APIRouter(prefix="/auth", tags=["auth"])


class Me(BaseModel):
    """The person who is signed in."""

    id: UUID
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


_bearer = HTTPBearer(auto_error=False, description="A token of the old login")


def _refused(status: int, code: str, message: str) -> HTTPException:
    return HTTPException(status, {"code": code, "message": message})


@router.post("/exchange")
async def exchange(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    settings: Annotated[Settings, Depends(get_settings)],
) -> OneTimeToken:
    """Turns a valid token of the old login into a Supabase session, so that nobody has to sign in again.

    Off unless OLD_AUTH_UNTIL lies ahead; then 404.
    """
    verifier: TokenVerifier = request.app.state.verifier
    if not settings.old_auth_open() or verifier.admin is None:
        raise _refused(404, "exchange_closed", "Old sessions are no longer exchanged. Sign in again.")
    if credentials is None:
        raise _refused(401, "not_signed_in", "Send the old token.")
    try:
        identity = await verifier.known_old(verifier.verify_old(credentials.credentials))
    except TokenError as error:
        raise _refused(401, "invalid_token", str(error)) from error
    except AuthUnavailableError as error:
        raise _refused(503, "auth_unavailable", "Sign-in is not available at the moment.") from error
    try:
        account = await verifier.admin.usable_account(identity)
        if account is None:
            raise _refused(403, "no_account", "This account can't be used.")
        return await verifier.admin.sign_in_link(account.email)
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise _refused(503, "auth_unavailable", "Sign-in is not available at the moment.") from error


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
