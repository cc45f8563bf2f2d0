"""Deliveries from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from backend.cli.context import load_settings, open_services, plain_errors
from backend.domain.deliveries import Naming, NamingKey, Profile
from backend.services import Services
from backend.services.delivery_types import DeliveryRequest
from backend.services.staff import OPERATOR


@click.group()
def deliver() -> None:
    """Freeze approved portraits under a number and write their packages."""


@deliver.command()
@click.option("--campaign", required=True, help="The campaign's name.")
@click.option(
    "--profile",
    type=click.Choice([profile.value for profile in Profile]),
    default=Profile.SCHOOL.value,
    show_default=True,
    help="collecting_unit: codes and numbers only, no name and no identity number.",
)
@click.option(
    "--naming",
    type=click.Choice(
        [key.value for key in NamingKey if key is not NamingKey.SEQUENCE]
    ),
    default=NamingKey.STUDENT_NO.value,
    show_default=True,
    help="What a portrait's file is called by, in the school's own package.",
)
@click.option(
    "--pattern", default="", help="With --naming pattern: {函授站}/{学号}_{姓名}"
)
@click.option("--by-station", is_flag=True, help="A folder for each station.")
@click.option("--station", "station_code", help="Only this station, by its code.")
@click.option("--year", type=int, help="Only this graduating year.")
@click.option(
    "--leave-out", is_flag=True, help="Leave out what has a problem, for a later one."
)
@click.option("--preview", is_flag=True, help="Only say what it would hold.")
def create(  # noqa: PLR0913 - one for each option
    *,
    campaign: str,
    profile: str,
    naming: str,
    pattern: str,
    by_station: bool,
    station_code: str | None,
    year: int | None,
    leave_out: bool,
    preview: bool,
) -> None:
    """Make a delivery of what is approved and new; print its number."""
    services, _ = open_services(load_settings())
    outside = profile == Profile.COLLECTING_UNIT
    with plain_errors():
        wanted = DeliveryRequest(
            campaign_id=_campaign(services, campaign),
            profile=Profile(profile),
            naming=Naming(NamingKey.SEQUENCE)
            if outside
            else Naming(NamingKey(naming), pattern, by_station),
            station_id=_station(services, station_code) if station_code else None,
            graduating_year=year,
        )
        found = services.deliveries.preview(OPERATOR, wanted)
        click.echo(
            f"{found.ready} new, {len(found.problems)} with a problem, "
            f"{found.earlier} delivered before"
        )
        if not preview:
            click.echo(
                services.deliveries.create(OPERATOR, wanted, leave_out=leave_out)
            )


@deliver.command()
@click.argument("number")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def write(number: str, file: Path) -> None:
    """Write the package of a delivery; an existing file is not touched."""
    services, _ = open_services(load_settings())
    with plain_errors():
        package = services.delivery_packages.package(OPERATOR, number)
        unfinished = file.with_name(f"{file.name}.part")
        try:
            # It holds names and identity numbers: nobody else may read it.
            unfinished.touch(mode=0o600)
            with unfinished.open("wb") as out:
                out.writelines(package.chunks)
            # Unlike a rename, a link never replaces what is there.
            file.hardlink_to(unfinished)
        except OSError as error:
            raise click.ClickException(f"{file}: {error.strerror}") from None
        finally:
            unfinished.unlink(missing_ok=True)
    click.echo(f"{file}: {file.stat().st_size} bytes")


@deliver.command("list")
def list_deliveries() -> None:
    """List the deliveries, the newest first."""
    services, _ = open_services(load_settings())
    cursor: str | None = None
    while True:
        page = services.deliveries.page(OPERATOR, cursor)
        for item in page.items:
            state = "cancelled" if item.cancelled_at else "valid"
            click.echo(
                f"{item.number}  {item.created_at:%Y-%m-%d}  {item.profile}  "
                f"{item.items} portraits  {state}  {item.campaign_name}"
            )
        cursor = page.next_cursor
        if cursor is None:
            return


def _campaign(services: Services, name: str) -> int:
    known = {one.name: one.id for one in services.stations.campaigns(OPERATOR)}
    if name not in known:
        raise click.ClickException(
            f"No campaign is called {name}; there are: {', '.join(known)}"
        )
    return known[name]


def _station(services: Services, code: str) -> int:
    known = {one.code: one.id for one in services.stations.list(OPERATOR)}
    if code not in known:
        raise click.ClickException(
            f"No station has the code {code}; there are: {', '.join(sorted(known))}"
        )
    return known[code]
