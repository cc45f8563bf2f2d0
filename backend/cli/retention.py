"""Deleting what is past its date, and sealing everything with the current key."""

from __future__ import annotations

import sys

import click

from backend.cli.context import load_settings, open_services, plain_errors
from backend.services.key_rotation import ColumnRotation
from backend.services.purge import PurgePlan


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
def purge(*, dry_run: bool) -> None:
    """Delete what is past its date, campaign by campaign, and traces past their time.

    May be interrupted at any point: the next run goes on.
    """
    services, _ = open_services(load_settings())
    with plain_errors():
        _tell(services.purge.plan())
        if not dry_run:
            click.echo(f"{services.purge.run()} rows and files deleted")


def _tell(plan: PurgePlan) -> None:
    for campaign_id, name in dict.fromkeys(
        (line.campaign_id, line.campaign_name) for line in plan.lines
    ):
        click.echo(name)
        for line in plan.lines:
            if line.campaign_id == campaign_id:
                when = "due" if line.is_due else "from"
                held = f", {line.held_back} held back" if line.held_back else ""
                click.echo(
                    f"  {line.kind:<11} {when:<4} {line.due_at:%Y-%m-%d}  "
                    f"{line.rows:>8} rows{held}"
                )
    click.echo("traces")
    for trace in plan.traces:
        click.echo(f"  {trace.trace:<11} {'due':<4} {'':<10}  {trace.rows:>8} rows")
    click.echo(f"files without a row  {plan.doomed_files:>17}")


@click.command("rotate-keys")
@click.option("--dry-run", is_flag=True, help="Only count what waits to be sealed.")
def rotate_keys(*, dry_run: bool) -> None:
    """Seal every sealed value again with the current key.

    The current key is the first of BIZHAO_DATA_KEYS; keep the old ones behind it until
    this command says that nothing is left. May be interrupted; the next run goes on.
    """
    services, _ = open_services(load_settings())
    rotation = services.key_rotation
    if dry_run:
        _tell_stale(rotation.stale(), "wait")
        return
    left = rotation.rotate(tell=lambda name, rows: click.echo(f"{name}  {rows}"))
    if any(column.stale for column in left):
        _tell_stale(left, "cannot be read with any configured key")
        sys.exit(1)
    click.echo("Everything is sealed with the current key; older keys may go.")


def _tell_stale(columns: tuple[ColumnRotation, ...], what: str) -> None:
    for column in columns:
        click.echo(f"{column.name:<32} {column.stale:>8} {what}")
