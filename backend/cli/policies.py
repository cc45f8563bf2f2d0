"""Listing and explaining the photo policies."""

from __future__ import annotations

import click

from backend import policies as shipped
from backend.domain.policy import RulePolicy
from backend.domain.report import Finding, Status
from backend.messages.findings import describe


@click.command()
@click.argument("name", required=False)
def policies(name: str | None) -> None:
    """List the photo policies, or explain one rule by rule."""
    if name is None:
        for each in shipped.names():
            click.echo(f"{each}\t{shipped.load(each).title}")
        return
    try:
        policy = shipped.load(name)
    except KeyError:
        raise click.ClickException(
            f"There is no policy {name}; there are: {', '.join(shipped.names())}"
        ) from None
    click.echo(f"{policy.title}\n{policy.source}\n")
    for rule in policy.rules.values():
        finding = Finding(rule=rule.id, clauses=rule.clauses, status=Status.PASS)
        text = describe(finding)
        click.echo(
            f"{rule.id:20} {rule.severity.value:6} {text.name}  {_limits(rule)}"
            f"  {text.clause}"
        )


def _limits(rule: RulePolicy) -> str:
    if rule.allowed is None:
        return ""
    low, high = ("" if v is None else f"{v:g}" for v in rule.allowed)
    return f"{low}…{high} {rule.unit}".strip()
