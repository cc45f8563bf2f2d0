"""Starting the service, with demonstration data or without."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

import click

from backend.cli import demo_data
from backend.cli.context import (
    DEMO_FILE,
    HOME,
    bring_up_to_date,
    demo_settings,
    environment_settings,
    load_settings,
    new_password,
    open_services,
)
from backend.services import Services
from backend.services.staff import OPERATOR
from backend.services.types import Role

_ADMIN: Final = "admin"


@click.command()
def migrate() -> None:
    """Bring the database to the present tables."""
    bring_up_to_date(load_settings())
    click.echo("The database is up to date.")


@click.command()
def serve() -> None:
    """Serve with the settings of the environment."""
    environment_settings()
    _exec_gunicorn()


@click.command("start-demo")
@click.option("--prepare-only", is_flag=True, help="Set everything up, do not serve.")
def start_demo(*, prepare_only: bool) -> None:
    """Set up SQLite with invented students where there is nothing yet, and serve."""
    url = (
        f"http://{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
    )
    settings = demo_settings(url)
    bring_up_to_date(settings)
    services, adapters = open_services(settings)
    password = None
    if services.roster.is_empty():
        demo_data.seed(services, now=datetime.now(UTC))
    if not services.staff.list(OPERATOR):
        password = new_password()
        services.staff.add(
            OPERATOR,
            username=_ADMIN,
            display_name="演示管理员",
            role=Role.ADMIN,
            station_id=None,
            password=password,
        )
    cards = HOME / "cards"
    demo_data.write_cards(cards)
    _introduce(services, url, cards, password)
    adapters.db.dispose()
    if not prepare_only:
        os.environ["BIZHAO_ENV_FILE"] = str(DEMO_FILE)
        os.environ["BIZHAO_PUBLIC_URL"] = url
        _exec_gunicorn()


def _introduce(services: Services, url: str, cards: Path, password: str | None) -> None:
    campaign = services.stations.campaigns(OPERATOR)[0]
    posters = HOME / "posters"
    posters.mkdir(exist_ok=True)
    click.echo(f"\n毕照 — {campaign.school_name}：{campaign.name}\n")
    for entry in services.stations.entries(OPERATOR, campaign.id):
        if entry.ended_at is not None:
            continue
        file = posters / f"{entry.station.code}.pdf"
        file.write_bytes(services.posters.pdf(OPERATOR, entry.token).data)
        click.echo(f"  entry   {url}/s/{entry.token}   {entry.station.name}")
        click.echo(f"  poster  {file}")
    click.echo(
        f"  cards   {cards.resolve()}   (sample 采集码, one per invented student;"
    )
    click.echo("          the file name holds the last six of the 身份证号)")
    click.echo(f"  console {url}/admin   user {_ADMIN}")
    if password is not None:
        click.secho(f"  password {password}   (shown only now)", bold=True)
    else:
        click.echo(
            "  password as shown at the first start; "
            "`bizhao staff reset-password admin` makes a new one"
        )
    click.echo(f"  API     {url}/api/v1/docs\n")


def _exec_gunicorn() -> NoReturn:
    """Become gunicorn, so that signals reach it and nothing is left in between."""
    sys.stdout.flush()
    config = Path(__file__).resolve().parents[2] / "deploy" / "gunicorn.conf.py"
    arguments = [sys.executable, "-m", "gunicorn", "backend.wsgi:app"]
    if config.is_file():
        arguments += ["--config", str(config)]
    os.execv(sys.executable, arguments)  # noqa: S606 - our own interpreter, no shell
