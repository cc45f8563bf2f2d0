"""``bizhao``: the command of those who run the service or judge photos without it."""

from __future__ import annotations

import click

from backend.cli.batch import batch
from backend.cli.bench import bench
from backend.cli.check import check
from backend.cli.deliver import deliver
from backend.cli.evaluate import evaluate
from backend.cli.jobs import jobs
from backend.cli.policies import policies
from backend.cli.posters import posters
from backend.cli.retention import purge, rotate_keys
from backend.cli.roster import roster
from backend.cli.server import migrate, serve, start_demo
from backend.cli.staff import staff
from backend.cli.upkeep import doctor, reconcile, verify_audit
from backend.cli.walk import demo


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bizhao")
def main() -> None:
    """毕照: collects, judges, binds and delivers graduation portraits."""


for command in (
    batch,
    bench,
    check,
    deliver,
    demo,
    doctor,
    evaluate,
    jobs,
    migrate,
    policies,
    purge,
    posters,
    reconcile,
    rotate_keys,
    roster,
    serve,
    staff,
    start_demo,
    verify_audit,
):
    main.add_command(command)
