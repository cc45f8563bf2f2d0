"""Doing what is due without a queue, for a timer to call."""

from __future__ import annotations

import click

from backend.app import job_handlers
from backend.cli.context import load_settings, open_services, plain_errors


@click.command()
def jobs() -> None:
    """Do once whatever is due: messages, reminders, checks, imports and the like.

    An installation with Celery workers needs this never; one without calls it from a
    timer, since there only a request makes the next attempt at a message.
    """
    services, _ = open_services(load_settings())
    for job, handler in job_handlers(services).items():
        with plain_errors():
            click.echo(f"{job.value}: {handler()}")
