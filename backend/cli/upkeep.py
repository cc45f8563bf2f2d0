"""Looking after an installation: files against rows, the audit chain, the machine."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import click

import qr
from backend.app import make_adapters
from backend.cli.context import load_settings, open_services
from backend.db.migrate import is_current
from backend.domain.errors import DomainError
from backend.domain.wechat import Account
from backend.jobs.queue import ping
from backend.services.types import HeadState

_PACKAGES: Final = ("mediapipe", "cv2", "zxingcpp", "pillow_heif", "psycopg")


@click.command()
@click.option("--delete", is_flag=True, help="Remove the orphans found.")
@click.option(
    "--older-than-hours", type=click.IntRange(0), default=24, show_default=True
)
def reconcile(*, delete: bool, older_than_hours: int) -> None:
    """Compare stored files with the rows that name them."""
    services, _ = open_services(load_settings())
    found = services.reconcile.compare(age=timedelta(hours=older_than_hours))
    click.echo(
        f"{found.files} files, {len(found.orphans)} orphans, "
        f"{len(found.missing)} missing"
    )
    for key in found.missing:
        click.echo(f"missing {key}")
    if delete:
        click.echo(f"{services.reconcile.remove_orphans(found)} orphans removed")
    if found.missing:
        sys.exit(1)


@click.command("verify-audit")
def verify_audit() -> None:
    """Check that no row of the audit chain was removed, changed or cut off."""
    services, _ = open_services(load_settings())
    check = services.audit.verify()
    if check.broken_at is not None:
        raise click.ClickException(f"The chain is broken at row {check.broken_at}.")
    if not check.ok:
        reason = (
            "The signature of its end is forged"
            if check.head.state is HeadState.FORGED
            else "Rows were cut off at its end"
        )
        raise click.ClickException(
            f"{reason}: signed are {check.head.rows} rows, there are {check.rows}."
        )
    signed = (
        f"its end is signed, from row {check.head.signed_from} on"
        if check.head.state is HeadState.SIGNED
        else "its end will be signed with the next act"
    )
    click.echo(f"The chain is whole: {check.rows} rows; {signed}.")


@click.command()
def doctor() -> None:
    """Say what is missing on this machine and how to get it."""
    checks: list[tuple[str, Callable[[], str], str]] = [
        ("Python", _python, "install Python 3.11 or 3.12"),
        ("packages", _packages, "run `make run` or `make test`, which install them"),
        ("CJK font", lambda: str(qr.find_cjk_font()), "see the README on fonts"),
        ("settings", lambda: load_settings().public_url, "see deploy/env.example"),
        ("database", _database, "check BIZHAO_DATABASE_URL, then `bizhao migrate`"),
        ("storage", _storage, "make BIZHAO_PHOTO_ROOT writable"),
        ("face model", _face_model, "reinstall the locked packages"),
        ("WeChat", _wechat, "check BIZHAO_MINI_PROGRAM__* and _SERVICE_ACCOUNT__*"),
        ("queue", _queue, "check BIZHAO_REDIS_URL, and that Redis runs"),
    ]
    failed = False
    for name, check, remedy in checks:
        try:
            click.echo(f"ok       {name}: {check()}")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - each is a finding
            failed = True
            reason = error.code if isinstance(error, DomainError) else str(error)
            click.echo(f"MISSING  {name}: {reason}\n         to do: {remedy}")
    sys.exit(1 if failed else 0)


def _python() -> str:
    if sys.version_info[:2] not in {(3, 11), (3, 12)}:
        raise RuntimeError(f"this is {sys.version.split()[0]}")
    return sys.version.split()[0]


def _packages() -> str:
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise RuntimeError(", ".join(missing))
    return f"{len(_PACKAGES)} of {len(_PACKAGES)} that matter"


def _database() -> str:
    settings = load_settings()
    adapters = make_adapters(settings)
    url = settings.database_url.get_secret_value()
    adapters.db.check()
    if not is_current(adapters.db, url):
        raise RuntimeError("migrations are missing")
    return adapters.db.engine.dialect.name


def _storage() -> str:
    settings = load_settings()
    make_adapters(settings).store.check()
    return str(settings.photo_root)


def _wechat() -> str:
    gateway = make_adapters(load_settings()).wechat
    found = [account for account in Account if gateway.has(account)]
    for account in found:
        gateway.check(account)
    return ", ".join(found) or "no account; students sign in as plain browsers"


def _queue() -> str:
    url = load_settings().redis_url
    if url is None:
        return "none; jobs are done at once, and by `bizhao jobs` in a timer"
    ping(url.get_secret_value())
    return "Redis answers"


def _face_model() -> str:
    make_adapters(load_settings()).inspector.warm_up()
    return "loads"
