"""What ``bizhao evaluate`` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from backend.cli.labels import Labels
from backend.domain.evaluation import Blocked, Evaluation, Gap, RuleRow, Split
from backend.domain.policy import Policy

_NOTE: Final = (
    "The list has no column defects, so every photo counts as having nothing wrong:\n"
    "false alarms mean something here, recall does not."
)
_COLUMNS: Final = (
    "rule", "with", "caught", "as fail", "recall", "without", "warn", "fail", "skip",
    "human",
)  # fmt: skip


def tables(
    policy: Policy, labels: Labels, result: Evaluation, judged: int
) -> Iterator[str]:
    """Yield the lines: all rules, each split, the verdicts."""
    known = sum(photo.defects is not None for photo in labels.photos)
    yield (
        f"{policy.name}: {judged} of {len(labels.photos)} photos judged"
        + (f"; of {known} it is known what is wrong" if labels.has_defects else "")
    )
    if not labels.has_defects:
        yield _NOTE
    yield ""
    told = [row for row in result.rules if _says_something(row)]
    yield from _aligned([_COLUMNS, *map(_cells, told)])
    left = [row.rule for row in result.rules if row.human and not _says_something(row)]
    if left:
        yield f"left to a person: {', '.join(left)}"
    for split in result.splits:
        yield from _split(split)
    if result.blocked:
        yield from _verdicts(result.blocked, result.splits)


def _verdicts(everybody: Blocked, splits: Sequence[Split]) -> Iterator[str]:
    yield ""
    yield f"blocked: {_count(everybody)}"
    for split in splits:
        yield f"blocked by {split.column}: {', '.join(map(_named, split.blocked))}"
        if split.gap:
            yield f"  {_gap(split.gap)}"


def _says_something(row: RuleRow) -> bool:
    """Tell whether a rule judged anything, or should have."""
    return bool(row.defective or row.good + row.defective > row.human)


def _cells(row: RuleRow) -> tuple[str, ...]:
    recall = "" if row.recall is None else f"{row.recall:.0%}"
    numbers = (
        row.defective, row.caught, row.caught_as_fail, recall, row.good,
        row.false_warn, row.false_fail, row.skipped, row.human,
    )  # fmt: skip
    return (row.rule, *("" if n == 0 else str(n) for n in numbers))


def _split(split: Split) -> Iterator[str]:
    """Yield one column's table: recall and false alarms, where there is either."""
    rows = zip(*split.rules.values(), strict=True)
    told = [row for row in rows if any(r.defective or r.false_alarms for r in row)]
    yield ""
    yield f"by {split.column}: caught/with the defect, false alarms/without (as fail)"
    if not told:
        yield "no defect and no false alarm in any group"
        return
    groups = list(split.rules)
    yield from _aligned(
        [("rule", *groups), *((row[0].rule, *map(_short, row)) for row in told)]
    )


def _short(row: RuleRow) -> str:
    caught = f"{row.caught}/{row.defective}, " if row.defective else ""
    fails = f" ({row.false_fail})" if row.false_fail else ""
    return f"{caught}{row.false_alarms}/{row.good}{fails}"


def _count(blocked: Blocked) -> str:
    return f"{blocked.blocked} of {blocked.total} ({blocked.share:.0%})"


def _named(blocked: Blocked) -> str:
    return f"{blocked.group} {_count(blocked)}"


def _gap(gap: Gap) -> str:
    if gap.persons == 0:
        return "no difference between the groups"
    return (
        f"largest difference: {gap.worse.group} against {gap.better.group}, "
        f"{gap.worse.share - gap.better.share:.0%} or {gap.persons:.1f} persons "
        f"of {gap.worse.total}"
    )


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the rows with their columns below each other, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = (
            cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)
        )
        yield "  ".join((first.ljust(widths[0]), *cells)).rstrip()
