"""What the changeover asks Supabase Auth as an administrator: which account a token of the old login belongs to."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx


@dataclass(frozen=True)
class OldIdentity:
    """Whom a valid token of the old login names: by id or by e-mail, as OLD_JWT_SUBJECT says."""

    id: UUID | None
    email: str | None
    old_id: str | None = None
    """The id of the old users table where it is no uuid."""


@dataclass(frozen=True)
class Account:
    """An account that may be used: its address is confirmed, and it is not banned."""

    id: UUID
    email: str


@dataclass(frozen=True)
class OneTimeToken:
    """What `supabase.auth.verifyOtp({token_hash, type})` needs. It works once and for a short time."""

    token_hash: str
    type: str


class AuthAdmin:
    """The administrator's calls. They raise httpx.HTTPError, KeyError and ValueError when the service can't answer."""

    def __init__(self, client: httpx.AsyncClient, url: str, key: str) -> None:
        self._client = client
        self._base = f"{url}/auth/v1/admin"
        self._headers = {"apikey": key, "Authorization": f"Bearer {key}", "User-Agent": "backend"}

    async def usable_account(self, identity: OldIdentity) -> Account | None:
        """The account of this person, unless it is gone, banned or not confirmed."""
        if identity.id is not None:
            response = await self._client.get(f"{self._base}/users/{identity.id}", headers=self._headers)
            if response.status_code == 404:  # noqa: PLR2004
                return None
            response.raise_for_status()
            return _usable(response.json())
        # The filter finds parts of addresses; asking for a link would make an account for an unknown one.
        response = await self._client.get(
            f"{self._base}/users", headers=self._headers, params={"filter": identity.email, "per_page": 100}
        )
        response.raise_for_status()
        found = [entry for entry in response.json()["users"] if entry.get("email") == identity.email]
        return _usable(found[0]) if found else None

    async def sign_in_link(self, email: str) -> OneTimeToken:
        """A one-time token for an existing user; Supabase sends no mail for it."""
        response = await self._client.post(
            f"{self._base}/generate_link", headers=self._headers, json={"type": "magiclink", "email": email}
        )
        response.raise_for_status()
        link = response.json()
        return OneTimeToken(token_hash=link["hashed_token"], type=link["verification_type"])


def _usable(user: dict[str, Any]) -> Account | None:
    banned_until = user.get("banned_until")
    banned = banned_until is not None and datetime.fromisoformat(banned_until) > datetime.now(UTC)
    email = user.get("email")
    if not email or not user.get("email_confirmed_at") or banned:
        return None
    return Account(id=UUID(user["id"]), email=email)
