"""Brings secrets from where the host keeps them into the process environment.

Two things happen, once, before anything reads a variable:

* a file `/run/secrets/NAME` (a Docker secret) becomes the variable NAME, unless NAME is set already;
* a value that starts with `base64:` is decoded. Environment files have no common way to write quotes, line
  breaks, `$` and `#`: Docker, Compose and panels each read them in their own way. Values that hold such
  characters are therefore written encoded.
"""

import base64
import binascii
import os
from collections.abc import MutableMapping
from pathlib import Path

ENCODED = "base64:"
LOADED = "ENVIRONMENT_LOADED"
"""Handed down to child processes: a value must not be decoded a second time, it may start with `base64:` again."""
SECRETS_FOLDER = Path("/run/secrets")


class EnvironmentValueError(ValueError):
    """A variable can't be read. The message names the variable and never holds its value."""


def load_environment(environment: MutableMapping[str, str] = os.environ, secrets_folder: Path = SECRETS_FOLDER) -> None:
    """Fills `environment` from Docker secrets and decodes its encoded values; a second call changes nothing."""
    if environment.get(LOADED):
        return
    environment[LOADED] = "1"
    if secrets_folder.is_dir():
        for file in sorted(secrets_folder.iterdir()):
            if file.is_file() and not environment.get(file.name):
                environment[file.name] = file.read_text(encoding="utf-8").removesuffix("\n")
    for name, value in list(environment.items()):
        if value.startswith(ENCODED):
            environment[name] = _decode(name, value.removeprefix(ENCODED))


def _decode(name: str, text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise EnvironmentValueError(f"{name} starts with {ENCODED} and is not valid base64 of UTF-8.") from error
