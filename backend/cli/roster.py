"""A campaign's roster from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from backend.cli.context import load_settings, open_services, plain_errors
from backend.domain.roster import Severity
from backend.messages.errors import error_text
from backend.messages.roster import FIELD_NAMES, problem_text
from backend.services import Services
from backend.services.roster_types import ImportState, ImportView
from backend.services.staff import OPERATOR

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_SHOWN: Final = 20


@click.group()
def roster() -> None:
    """Import a campaign's roster."""


@roster.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--campaign", required=True, help="The campaign's name.")
@click.option("--dry-run", is_flag=True, help="Look through the file, write nothing.")
@click.option(
    "--good-rows-only", is_flag=True, help="Leave out rows with errors, not everything."
)
@click.option("--errors", type=_FILE, metavar="FILE.xlsx", help="Write the problems.")
def import_roster(
    file: Path,
    campaign: str,
    *,
    dry_run: bool,
    good_rows_only: bool,
    errors: Path | None,
) -> None:
    """Import a sheet (.xlsx, .xls, .csv); without a flag, all of it or nothing.

    Students who are on the roster are corrected, nobody is deleted. Exit status 1 when
    rows have errors.
    """
    services, _ = open_services(load_settings())
    with plain_errors():
        key = _campaign_id(services, campaign)
        with file.open("rb") as data:
            made = services.roster_imports.upload(
                OPERATOR, key, data, file.name, at_once=True
            )
        _tell(services, made)
        if errors is not None and made.state is ImportState.READY:
            media = services.roster_imports.error_file(OPERATOR, made.id)
            errors.write_bytes(media.data)
        if dry_run or not made.can_apply or (made.counts.bad and not good_rows_only):
            _give_up(services, made, wanted=dry_run)
        else:
            done = services.roster_imports.apply(
                OPERATOR, made.id, good_rows_only=good_rows_only, at_once=True
            )
            _ensure_applied(done)
            click.echo(f"{done.counts.importable} rows written")
    if made.counts.bad:
        sys.exit(1)


@roster.command()
@click.argument("file", type=_FILE)
def template(file: Path) -> None:
    """Write an empty roster to fill in."""
    services, _ = open_services(load_settings())
    file.write_bytes(services.roster_imports.template().data)


def _campaign_id(services: Services, name: str) -> int:
    names = {view.name: view.id for view in services.stations.campaigns(OPERATOR)}
    if name not in names:
        raise click.ClickException(
            f"No campaign is called {name}; there are: " + ", ".join(sorted(names))
        )
    return names[name]


def _tell(services: Services, made: ImportView) -> None:
    if made.state is not ImportState.READY:
        text = error_text(made.error_code, made.error_data)
        raise click.ClickException(f"{text.title}\n{text.todo}")
    if made.lacking:
        names = ", ".join(FIELD_NAMES[column] for column in made.lacking)
        click.echo(f"no column found for: {names}")
    counts = made.counts
    click.echo(
        f"{counts.rows} rows: {counts.new} new, {counts.changed} changed, "
        f"{counts.unchanged} unchanged, {counts.bad} with errors; "
        f"{counts.missing} on the roster are not in the file"
    )
    page = services.roster_imports.problems(OPERATOR, made.id, Severity.ERROR)
    for one in page.items[:_SHOWN]:
        said = problem_text(one.code, one.other_row)
        click.echo(f"  row {one.sheet_row} {one.column} {one.heading}: {said}")
    if counts.errors > _SHOWN:
        click.echo(f"  and {counts.errors - _SHOWN} more: --errors FILE.xlsx has all")


def _give_up(services: Services, made: ImportView, *, wanted: bool) -> None:
    """Remove what was looked through; say so unless that was asked for."""
    services.roster_imports.discard(OPERATOR, made.id)
    if not wanted:
        click.echo("nothing was written")


def _ensure_applied(done: ImportView) -> None:
    if done.state is not ImportState.APPLIED:
        text = error_text(done.error_code, done.error_data)
        raise click.ClickException(f"{text.title}\n{text.todo}")
