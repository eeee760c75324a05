"""A Supabase project as far as the backend can tell: an HTTP server with its keys, and tokens signed by them."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
OLD_SECRET = "an old secret of more than thirty-two bytes"
USER_ID = "0b7a4c1e-5a7a-4b0e-9a54-3f6a3b1c2d4e"


class SigningKey:
    """A key pair with its entry in the list of keys."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.kid = str(uuid4())
        self.private: PrivateKey
        if algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
            entry = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        elif algorithm == "RS256":
            self.private = rsa.generate_private_key(65537, 2048)
            entry = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        else:
            self.private = ed25519.Ed25519PrivateKey.generate()
            entry = OKPAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        self.entry: dict[str, Any] = {**entry, "kid": self.kid, "alg": algorithm, "use": "sig"}

    def sign(self, claims: dict[str, Any], kid: str | None = None) -> str:
        """A token with these claims."""
        return jwt.encode(claims, self.private, self.algorithm, headers={"kid": kid or self.kid})


class Project:
    """Serves `/auth/v1/.well-known/jwks.json` on loopback and counts how often it was read."""

    def __init__(self) -> None:
        self.keys = {algorithm: SigningKey(algorithm) for algorithm in ("ES256", "RS256", "EdDSA")}
        self.extra: list[dict[str, Any]] = []
        self.reads = 0
        self.down = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a good access token; a change to None leaves one out."""
        now = int(time.time())
        claims = {
            "iss": f"{self.url}/auth/v1",
            "aud": "authenticated",
            "sub": USER_ID,
            "role": "authenticated",
            "email": "ada@example.com",
            "app_metadata": {"provider": "email"},
            "user_metadata": {"name": "Ada"},
            "aal": "aal1",
            "session_id": str(uuid4()),
            "is_anonymous": False,
            "iat": now,
            "exp": now + 3600,
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def token(self, algorithm: str = "ES256", **changes: Any) -> str:
        """A good access token, but for the changes."""
        return self.keys[algorithm].sign(self.claims(**changes))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        project = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                project.reads += 1
                found = self.path == "/auth/v1/.well-known/jwks.json" and not project.down
                listed = [key.entry for key in project.keys.values()] + project.extra
                body = json.dumps({"keys": listed} if found else {}).encode()
                self.send_response(200 if found else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base class
                pass

        return Handler
