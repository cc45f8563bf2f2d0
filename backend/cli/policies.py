"""Listing and explaining the photo policies."""

from __future__ import annotations

import click

from backend import policies as shipped
from backend.cli.policy_argument import PolicyArgument
from backend.domain.policy import Policy
from backend.messages.demands import RuleText, changes, rule_groups


@click.command()
@click.argument("name", required=False, type=PolicyArgument())
@click.option(
    "--policy",
    "own",
    type=PolicyArgument(),
    metavar="FILE.toml",
    help="Explain a policy file of your own.",
)
def policies(name: Policy | None, own: Policy | None) -> None:
    """List the photo policies, or explain one rule by rule."""
    policy = own or name
    if policy is None:
        for each in map(shipped.load, shipped.names()):
            upon = f"\t({each.extends})" if each.extends else ""
            click.echo(f"{each.name}\t{each.title}{upon}")
        return
    click.echo(f"{policy.name}　{policy.title}\n来源：{policy.source}")
    if policy.extends:
        _differences(policy, shipped.load(policy.extends))
    for group in rule_groups(policy):
        click.echo(f"\n{group.title}")
        for rule in group.rules:
            click.echo(_line(rule))


def _differences(policy: Policy, base: Policy) -> None:
    click.echo(f"\n与 {base.name}（{base.title}）不同的：")
    found = changes(policy, base)
    for change in found:
        click.echo(f"  {change.name}")
        click.echo(f"    原：{change.before or '没有这一项'}")
        click.echo(f"    今：{change.after or '不看这一项'}")
    if not found:
        click.echo("  没有")


def _line(rule: RuleText) -> str:
    """Return a rule in words, with its id for whoever writes a policy."""
    lines = [f"  {rule.name}（{rule.rule}）　{rule.watched}　{rule.clause}"]
    lines.append(f"    {rule.demand}")
    lines += [f"    {limit}" for limit in rule.limits]
    if rule.colours:
        shown = "、".join(
            "RGB" + str(colour).replace(" ", "") for colour in rule.colours
        )
        lines.append(f"    颜色：{shown}")
    return "\n".join(lines)
