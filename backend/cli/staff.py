"""Staff accounts from the command line."""

from __future__ import annotations

import click

from backend.cli.context import load_settings, new_password, open_services, plain_errors
from backend.services.staff import OPERATOR
from backend.services.types import Role


@click.group()
def staff() -> None:
    """Manage who may use the console."""


@staff.command()
@click.argument("username")
@click.option("--name", "display_name", required=True, help="Shown in the console.")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default="reviewer"
)
@click.option(
    "--station", "station_code", help="The code of a station account's station."
)
def add(username: str, display_name: str, role: str, station_code: str | None) -> None:
    """Create an account and print its password once."""
    services, _ = open_services(load_settings())
    password = new_password()
    with plain_errors():
        stations = {s.code: s.id for s in services.stations.list(OPERATOR)}
        if station_code is not None and station_code not in stations:
            raise click.ClickException(
                f"No station has the code {station_code}; there are: "
                + ", ".join(sorted(stations))
            )
        services.staff.add(
            OPERATOR,
            username=username,
            display_name=display_name,
            role=Role(role),
            station_id=stations[station_code] if station_code else None,
            password=password,
        )
    click.echo(f"{username}: {password}   (shown only now)")


@staff.command("reset-password")
@click.argument("username")
def reset_password(username: str) -> None:
    """Give an account a new password, printed once, and end its sessions."""
    services, _ = open_services(load_settings())
    password = new_password()
    with plain_errors():
        services.staff.reset_password(OPERATOR, username, password)
    click.echo(f"{username}: {password}   (shown only now)")
