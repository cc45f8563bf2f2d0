"""The posters of all stations of a campaign, from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from backend.cli.context import load_settings, open_services, plain_errors
from backend.services.posters import Size
from backend.services.staff import OPERATOR


@click.command()
@click.argument("campaign")
@click.option(
    "--size",
    type=click.Choice([size.value for size in Size]),
    default=Size.A4.value,
    show_default=True,
    help="sign: 100 × 100 mm, to stand on a table.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="A .pdf with one poster a page, or a .zip with one PDF a station.",
)
def posters(campaign: str, size: str, out: Path) -> None:
    """Write the posters of every live entry of CAMPAIGN, its name or number."""
    services, adapters = open_services(load_settings())
    with plain_errors():
        campaign_id = _campaign_id(
            campaign,
            {row.id: row.name for row in services.stations.campaigns(OPERATOR)},
        )
        if out.suffix.lower() == ".zip":
            chunks = services.posters.all_zip(
                OPERATOR, campaign_id, size=Size(size)
            ).chunks
        else:
            media = services.posters.all_pdf(OPERATOR, campaign_id, size=Size(size))
            chunks = iter((media.data,))
    try:
        with out.open("wb") as file:
            file.writelines(chunks)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from None
    finally:
        adapters.db.dispose()
    click.echo(f"posters  {out}")


def _campaign_id(named: str, campaigns: dict[int, str]) -> int:
    for number, name in campaigns.items():
        if named in {name, str(number)}:
            return number
    there = "".join(f"\n  {number}  {name}" for number, name in campaigns.items())
    raise click.ClickException(f"There is no campaign {named}; there are:{there}")
