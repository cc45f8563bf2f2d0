"""A photographer's folder from the command line."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import IO

import click

from backend.cli.context import load_settings, open_services, plain_errors
from backend.messages.batches import STATES, explain
from backend.services import Services
from backend.services.batch_files import (
    files_of_archive,
    files_of_folder,
    names_of_list,
)
from backend.services.batch_types import BatchView
from backend.services.staff import OPERATOR
from backend.sheets.read import sheet_rows


@click.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--campaign", required=True, help="The campaign's name.")
@click.option(
    "--consent-in-writing",
    is_flag=True,
    help="The school has the students' consent in writing.",
)
@click.option(
    "--list",
    "list_file",
    type=click.File("rb"),
    help="A sheet with file names and numbers (.xlsx, .xls, .csv).",
)
def batch(
    source: Path,
    campaign: str,
    *,
    consent_in_writing: bool,
    list_file: IO[bytes] | None,
) -> None:
    """Match, judge and hand in the photos of a folder or ZIP; repeat it as you like."""
    settings = load_settings()
    services, _ = open_services(settings)
    with plain_errors(), ExitStack() as open_files:
        files = (
            files_of_folder(source, most_bytes=settings.max_upload_bytes)
            if source.is_dir()
            else files_of_archive(
                open_files.enter_context(source.open("rb")),
                most_bytes=settings.max_upload_bytes,
            )
        )
        view = services.batches.receive(
            OPERATOR,
            _campaign(services, campaign),
            files,
            names=names_of_list(sheet_rows(list_file)) if list_file else {},
            consent_in_writing=consent_in_writing,
        )
        _finish(services, view)
    _report(services, view.id)


def _campaign(services: Services, name: str) -> int:
    known = {row.name: row.id for row in services.stations.campaigns(OPERATOR)}
    if name not in known:
        raise click.ClickException(
            f"No campaign is called {name}; there are: " + ", ".join(sorted(known))
        )
    return known[name]


def _finish(services: Services, view: BatchView) -> None:
    with click.progressbar(length=view.total, label="photos") as bar:
        bar.update(view.total - view.waiting)
        while view.waiting:
            before = view.waiting
            view = services.batches.go_on(OPERATOR, view.id, budget=1)
            bar.update(before - view.waiting)


def _report(services: Services, batch_id: int) -> None:
    """Print the counts, and each file that somebody has to look after."""
    view = services.batches.get(OPERATOR, batch_id)
    for state, words in STATES.items():
        if count := view.counts.get(state):
            click.echo(f"{words.label}\t{count}")
    for item in services.batches.report(OPERATOR, batch_id):
        if STATES[item.state].tone in {"bad", "warn"}:
            click.echo(f"{item.file_name}\t{explain(item.state, item.detail)}")
