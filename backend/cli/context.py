"""What the commands share: the service on this machine, and how errors are told."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from backend.app import Adapters, make_adapters, make_services
from backend.db.migrate import migrate
from backend.domain.errors import DomainError
from backend.messages.errors import error_text, violation_text
from backend.services import Services
from backend.settings import Settings, SettingsError, new_key, read_settings

#: The demo's folder, below the folder the command is started in.
HOME: Final = Path("var")
#: The demo's settings, made at its first start.
DEMO_FILE: Final = HOME / "demo.env"


def load_settings() -> Settings:
    """Return the settings of the environment, else of the demo in ``var``.

    A file that the environment names is never exchanged for the demo's.
    """
    if "BIZHAO_ENV_FILE" in os.environ or not DEMO_FILE.is_file():
        return environment_settings()
    return _read(DEMO_FILE)


def environment_settings() -> Settings:
    """Return the settings that a server started from here would read."""
    return _read(None)


def _read(file: Path | None, **overrides: Any) -> Settings:
    try:
        return read_settings(file, **overrides)
    except SettingsError as error:
        raise click.ClickException(
            f"The settings are incomplete or wrong:\n{error}\n"
            "Set them in the environment (see deploy/env.example), or run "
            "`make run` for a demonstration that needs none."
        ) from None


def demo_settings(public_url: str) -> Settings:
    """Return the demo's settings, making its keys on the first start."""
    HOME.mkdir(mode=0o700, exist_ok=True)
    if not DEMO_FILE.exists():
        lines = [
            f"BIZHAO_DATABASE_URL=sqlite:///{(HOME / 'bizhao.db').resolve()}",
            f"BIZHAO_PHOTO_ROOT={(HOME / 'photos').resolve()}",
            f"BIZHAO_DATA_KEYS=demo1:{new_key()}",
            f"BIZHAO_HASH_KEY={new_key()}",
            "BIZHAO_PUBLIC_URL=http://127.0.0.1:8000",
        ]
        # Nobody else may read it from the moment it is there, and it is there whole.
        unfinished = DEMO_FILE.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
        unfinished.replace(DEMO_FILE)
    return _read(DEMO_FILE, public_url=public_url)


def open_services(settings: Settings) -> tuple[Services, Adapters]:
    """Return the use cases and what they stand on."""
    adapters = make_adapters(settings)
    return make_services(settings, adapters), adapters


def bring_up_to_date(settings: Settings) -> None:
    """Run the migrations that are missing."""
    migrate(settings.database_url.get_secret_value())


def new_password() -> str:
    """Return a random password that is read aloud easily enough."""
    return secrets.token_urlsafe(12)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn a refusal into words on standard error and exit status 1."""
    try:
        yield
    except DomainError as error:
        text = error_text(error.code, error.data)
        lines = [text.title, text.todo, *map(violation_text, error.violations)]
        raise click.ClickException("\n".join(lines)) from None
