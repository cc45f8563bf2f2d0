"""Staff accounts from the command line."""

from __future__ import annotations

import click

from backend.cli.context import load_settings, new_password, open_services, plain_errors
from backend.domain.errors import NotFoundError
from backend.services import Services
from backend.services.staff import OPERATOR
from backend.services.types import Role


@click.group()
def staff() -> None:
    """Manage who may use the console."""


_ROLE = click.option(
    "--role", type=click.Choice([role.value for role in Role]), default="reviewer"
)
_NAME = click.option(
    "--name", "display_name", required=True, help="Shown in the console."
)
_STATION = click.option(
    "--station", "station_code", help="The code of a station account's station."
)


@staff.command()
@click.argument("username")
@_NAME
@_ROLE
@_STATION
def add(username: str, display_name: str, role: str, station_code: str | None) -> None:
    """Create an account and print its password once."""
    services, _ = open_services(load_settings())
    password = new_password()
    with plain_errors():
        services.staff.add(
            OPERATOR,
            username=username,
            display_name=display_name,
            role=Role(role),
            station_id=_station_id(services, station_code),
            password=password,
        )
    click.echo(f"{username}: {password}   (shown only now)")


@staff.command()
@click.argument("username")
@_NAME
@_ROLE
@_STATION
def invite(
    username: str, display_name: str, role: str, station_code: str | None
) -> None:
    """Print a link, once, by which somebody sets a password and gets an account."""
    services, _ = open_services(load_settings())
    with plain_errors():
        new = services.invitations.invite(
            OPERATOR,
            username=username,
            display_name=display_name,
            role=Role(role),
            station_id=_station_id(services, station_code),
        )
    click.echo(
        f"{username}: {new.url}\n(shown only now; good once, until "
        f"{new.invitation.expires_at:%Y-%m-%d %H:%M} UTC)"
    )


@staff.command("reset-totp")
@click.argument("username")
def reset_totp(username: str) -> None:
    """Take an account's second factor away, whose phone is lost; end its sessions."""
    services, _ = open_services(load_settings())
    with plain_errors():
        services.second_factor.reset(OPERATOR, _staff_id(services, username))
    click.echo(f"{username}: signs in with the password alone until set up again")


@staff.command("reset-password")
@click.argument("username")
def reset_password(username: str) -> None:
    """Give an account a new password, printed once, and end its sessions."""
    services, _ = open_services(load_settings())
    password = new_password()
    with plain_errors():
        services.staff.reset_password(OPERATOR, username, password)
    click.echo(f"{username}: {password}   (shown only now)")


def _station_id(services: Services, code: str | None) -> int | None:
    if code is None:
        return None
    stations = {each.code: each.id for each in services.stations.list(OPERATOR)}
    if code not in stations:
        raise click.ClickException(
            f"No station has the code {code}; there are: " + ", ".join(sorted(stations))
        )
    return stations[code]


def _staff_id(services: Services, username: str) -> int:
    for user in services.staff.list(OPERATOR):
        if user.username == username:
            return user.id
    raise NotFoundError("staff_not_found")
