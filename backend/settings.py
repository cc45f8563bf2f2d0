"""The only reader of the environment: ``BIZHAO_*`` variables become one frozen value."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.domain.wechat import Account, MessageKind

WECHAT_API: Final = "https://api.weixin.qq.com"
WECHAT_OPEN: Final = "https://open.weixin.qq.com"
_KEY_BYTES: Final = 32
_DEMO_MARK: Final = "demo"
#: The id of a key that is given without one.
_ONLY_KEY: Final = "k1"


class SettingsError(Exception):
    """All that is missing or wrong, a line each; values are never repeated."""


class WeChatTemplate(BaseModel):
    """A message template: WeChat's id, and which of our values each field shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    fields: dict[str, str] = Field(min_length=1)


class WeChatAccount(BaseModel):
    """One account with WeChat: ``BIZHAO_MINI_PROGRAM__APP_ID`` and so on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    app_id: str = Field(pattern=r"^wx[0-9a-f]{16}$")
    secret: SecretStr = Field(min_length=1)
    #: Of the message push; without it no push is accepted.
    push_token: SecretStr | None = None
    #: EncodingAESKey, 43 characters; with it only encrypted pushes are accepted.
    push_key: SecretStr | None = Field(default=None, min_length=43, max_length=43)
    #: ``returned``, ``approved`` and ``closing``; a kind without one is not sent.
    templates: dict[MessageKind, WeChatTemplate] = Field(default_factory=dict)
    #: Where a message leads in the mini program; the service account opens our page.
    page: str = "pages/index/index"

    @field_validator("push_key")
    @classmethod
    def _letters_and_digits(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else "a"
        if not (text.isascii() and text.isalnum()):
            raise ValueError("must be 43 letters and digits, as WeChat made it")
        return value


class Settings(BaseSettings):
    """Everything that differs between one installation and the next."""

    model_config = SettingsConfigDict(
        env_prefix="BIZHAO_",
        env_nested_delimiter="__",
        # The example lists every name; an empty one is as good as none.
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
    )

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
    #: A ZIP with the photos of a whole class or station.
    max_batch_bytes: int = Field(default=1024**3, ge=1024)
    session_hours: int = Field(default=24 * 14, ge=1)
    staff_session_hours: int = Field(default=12, ge=1)
    staff_idle_minutes: int = Field(default=60, ge=1)
    #: Administrators sign in with a second factor; unless said, in production they do.
    require_admin_totp: bool | None = None
    mini_program: WeChatAccount | None = None
    service_account: WeChatAccount | None = None
    #: Where WeChat is; anything but its own hosts is refused in production.
    wechat_api_url: str = WECHAT_API
    wechat_open_url: str = WECHAT_OPEN
    #: Have WeChat look for forbidden content in photos from the mini program.
    content_check: bool = False
    #: The queue of Celery; without one, jobs are done by the process that asks.
    redis_url: SecretStr | None = None

    @field_validator("public_url", "wechat_api_url", "wechat_open_url")
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
        if (self.wechat_api_url, self.wechat_open_url) != (WECHAT_API, WECHAT_OPEN):
            problems.append("wechat_*_url must be WeChat's own hosts in production")
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
    def wechat_accounts(self) -> dict[Account, WeChatAccount]:
        """The accounts the school has."""
        given = {
            Account.MINI_PROGRAM: self.mini_program,
            Account.SERVICE_ACCOUNT: self.service_account,
        }
        return {account: keys for account, keys in given.items() if keys}

    @property
    def admins_need_totp(self) -> bool:
        """Whether administrators must have a second factor."""
        given = self.require_admin_totp
        return self.production if given is None else given

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
