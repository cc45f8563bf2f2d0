"""The only reader of the environment: ``BIZHAO_*`` variables become one frozen value."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Any, Final, Self

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

_KEY_BYTES: Final = 32
_DEMO_MARK: Final = "demo"
#: The id of a key that is given without one.
_ONLY_KEY: Final = "k1"


class SettingsError(Exception):
    """All that is missing or wrong, a line each; values are never repeated."""


class Settings(BaseSettings):
    """Everything that differs between one installation and the next."""

    model_config = SettingsConfigDict(env_prefix="BIZHAO_", frozen=True, extra="ignore")

    production: bool = False
    database_url: SecretStr
    photo_root: Path
    public_url: str
    #: ``id:base64`` pairs separated by commas, 32 bytes each; the first one seals.
    data_keys: SecretStr
    #: base64, 32 bytes; never changes, since every lookup hash depends on it.
    hash_key: SecretStr
    #: base64, 32 bytes; photos are encrypted at rest when it is set.
    photo_key: SecretStr | None = None
    #: How many proxies in front set ``X-Forwarded-*``.
    proxies: int = Field(default=0, ge=0, le=5)
    max_upload_bytes: int = Field(default=10 * 1024 * 1024, ge=1024)
    session_hours: int = Field(default=24 * 14, ge=1)
    staff_session_hours: int = Field(default=12, ge=1)
    staff_idle_minutes: int = Field(default=60, ge=1)

    @field_validator("public_url")
    @classmethod
    def _url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("hash_key", "photo_key")
    @classmethod
    def _one_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _key(value.get_secret_value())
        return value

    @field_validator("data_keys")
    @classmethod
    def _several_keys(cls, value: SecretStr) -> SecretStr:
        pairs = value.get_secret_value().split(",")
        names = [pair.rpartition(":")[0] or _ONLY_KEY for pair in pairs]
        for pair in pairs:
            _key(pair.rpartition(":")[2])
        if len(set(names)) < len(names):
            raise ValueError("must name each key differently")
        if not all(name.isascii() and name.isalnum() for name in names):
            raise ValueError("must name keys by letters and digits")
        return value

    @model_validator(mode="after")
    def _production(self) -> Self:
        if not self.production:
            return self
        problems = []
        if not self.public_url.startswith("https://"):
            problems.append("public_url must be https in production")
        if self.database_url.get_secret_value().startswith("sqlite"):
            problems.append("database_url must be PostgreSQL in production")
        if next(iter(self.keys)).startswith(_DEMO_MARK):
            problems.append("data_keys are the demo's; make your own")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def keys(self) -> dict[str, bytes]:
        """Sealing keys by id, the current one first."""
        pairs = self.data_keys.get_secret_value().split(",")
        return {
            pair.rpartition(":")[0] or _ONLY_KEY: _key(pair.rpartition(":")[2])
            for pair in pairs
        }

    @property
    def hash_key_bytes(self) -> bytes:
        """The key of all lookup hashes."""
        return _key(self.hash_key.get_secret_value())

    @property
    def photo_key_bytes(self) -> bytes | None:
        """The key that encrypts photos at rest, if any."""
        return _key(self.photo_key.get_secret_value()) if self.photo_key else None

    @property
    def secure_cookies(self) -> bool:
        """Cookies travel over https only, where the service is reached that way."""
        return self.public_url.startswith("https://")


def read_settings(env_file: Path | None = None, **overrides: Any) -> Settings:
    """Read the environment, and below it a file of assignments.

    The file may also be named by ``BIZHAO_ENV_FILE``, so that the processes a server
    starts read the same one.

    Raises:
        SettingsError: lists every variable that is missing or wrong.
    """
    named = os.environ.get("BIZHAO_ENV_FILE")
    env_file = env_file or (Path(named) if named else None)
    try:
        return Settings(_env_file=env_file, **overrides)  # type: ignore[call-arg] # pydantic-settings own argument
    except ValidationError as error:
        lines = [
            f"BIZHAO_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}"
            if e["loc"]
            else str(e["msg"])
            for e in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("\n".join(lines)) from None


def new_key() -> str:
    """Return a fresh 32-byte key in base64."""
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("must be base64") from None
    if len(key) != _KEY_BYTES:
        raise ValueError("must hold 32 bytes")
    return key
