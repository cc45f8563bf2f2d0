"""``bizhao evaluate``: how a policy does on photos of which people know what is wrong."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import click

from backend.cli.context import plain_errors
from backend.cli.evaluation_table import tables
from backend.cli.labels import Labels, LabelsError, read_labels
from backend.cli.policy_argument import PolicyArgument
from backend.domain.errors import DomainError, UnavailableError
from backend.domain.evaluation import (
    Evaluation,
    Label,
    Outcome,
    distributions,
    outcome_of,
)
from backend.domain.evaluation import evaluate as count
from backend.domain.policy import Policy
from backend.imaging.inspector import MediaPipeInspector
from backend.messages.errors import error_text

_WRONG_LABELS: Final = 2
_SOME_UNREADABLE: Final = 1


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A photo that could not be judged, and why."""

    file: str
    code: str
    message: str


@click.command()
@click.argument("labels", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--policy",
    "policy_name",
    default="notice-2025",
    show_default=True,
    metavar="NAME|FILE",
    help="A policy that comes with the service, or a TOML file of your own.",
)
@click.option(
    "--by",
    multiple=True,
    metavar="COLUMN",
    help="Split by this column too; gender, age and ethnicity are split by anyway.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    help="Processes, of about 350 MB each; as many as cores by default.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.png",
    help="Draw how the values are distributed, with the policy's limits.",
)
def evaluate(
    labels: Path,
    policy_name: str,
    by: tuple[str, ...],
    jobs: int | None,
    *,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Judge the photos of LABELS, a CSV, and count what each rule notices and misses.

    Columns: ``file`` (relative to the CSV), ``defects`` (ids of the rules that the photo
    breaks, with spaces between; empty for none, ? where nobody knows), and if you like
    ``gender``, ``age``, ``ethnicity``. `bizhao policies NAME` lists the ids. Exit 0,
    1 when a photo could not be judged, 2 when the labels are wrong.
    """
    policy = _policy(policy_name)
    try:
        listed = read_labels(labels, rules=policy.rules, by=by)
    except LabelsError as error:
        click.echo(f"{labels}:\n{error}", err=True)
        sys.exit(_WRONG_LABELS)
    if plot is not None and not plot.absolute().parent.is_dir():
        raise click.BadParameter("its folder is not there", param_hint="--plot")
    with plain_errors():
        outcomes, unreadable = _run(listed, policy_name, jobs or _cores())
    result = count(outcomes, tuple(policy.rules), listed.by)
    if as_json:
        click.echo(json.dumps(_json(policy, listed, result, unreadable), indent=1))
    else:
        click.echo("\n".join(tables(policy, listed, result, len(outcomes))))
    if plot is not None:
        _draw(plot, outcomes, policy)
    for photo in unreadable:
        click.echo(f"not judged: {photo.file}: {photo.message}", err=True)
    if unreadable:
        sys.exit(_SOME_UNREADABLE)


def _policy(name: str) -> Policy:
    """Return a policy by its name or from a file; the processes are told the name."""
    try:
        return PolicyArgument().convert(name, None, None)
    except click.BadParameter as error:
        error.param_hint = "--policy"
        raise


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _run(
    labels: Labels, policy_name: str, jobs: int
) -> tuple[list[Outcome], list[Unreadable]]:
    """Judge every photo; one that cannot be is noted and the rest go on."""
    outcomes: list[Outcome] = []
    unreadable: list[Unreadable] = []
    jobs = min(jobs, len(labels.photos))
    with (
        _answers(labels, policy_name, jobs) as answers,
        click.progressbar(
            answers, length=len(labels.photos), label="judging", file=sys.stderr
        ) as bar,
    ):
        for answer in bar:
            if isinstance(answer, Outcome):
                outcomes.append(answer)
            else:
                unreadable.append(answer)
    return outcomes, unreadable


@contextmanager
def _answers(
    labels: Labels, policy_name: str, jobs: int
) -> Iterator[Iterable[Outcome | Unreadable]]:
    if jobs == 1:
        yield map(_Judge(policy_name, labels.folder), labels.photos)
        return
    # Not forked: the face model's threads would not be there in a copy.
    with ProcessPoolExecutor(
        jobs,
        mp_context=get_context("spawn"),
        initializer=_begin,
        initargs=(policy_name, labels.folder),
    ) as pool:
        try:
            yield pool.map(_judge_here, labels.photos)
        except BrokenProcessPool:
            raise click.ClickException(
                "A process ended early, perhaps for want of memory: try fewer --jobs."
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


class _Judge:
    """Judges the photos of one folder by one policy."""

    def __init__(self, policy_name: str, folder: Path) -> None:
        self._policy = _policy(policy_name)
        self._folder = folder
        self._inspector = MediaPipeInspector()

    def __call__(self, label: Label) -> Outcome | Unreadable:
        path = self._folder / label.file
        try:
            data = path.read_bytes()
            seen = self._inspector.inspect(
                data, filename=path.name, policy=self._policy
            )
        except OSError as error:
            reason = error.strerror or "unreadable"
            return Unreadable(label.file, "file_unreadable", reason)
        except UnavailableError:
            raise
        except DomainError as error:
            text = error_text(error.code, error.data)
            return Unreadable(label.file, error.code, f"{text.title}。{text.todo}")
        return outcome_of(label, seen.report, self._policy)


#: The judge of a process that was begun for judging.
_here: list[_Judge] = []


def _begin(policy_name: str, folder: Path) -> None:
    _here.append(_Judge(policy_name, folder))


def _judge_here(label: Label) -> Outcome | Unreadable:
    return _here[0](label)


def _draw(plot: Path, outcomes: Sequence[Outcome], policy: Policy) -> None:
    # It takes a second to load, for a picture that few ask for.
    from backend.cli.distributions import draw  # noqa: PLC0415

    found = distributions(outcomes, policy.rules)
    try:
        count = draw(found, policy, plot)
    except OSError as error:
        raise click.ClickException(f"{plot}: {error.strerror}") from None
    click.echo(f"{plot}: {count} panels", err=True)


def _json(
    policy: Policy, labels: Labels, result: Evaluation, unreadable: Sequence[Unreadable]
) -> dict[str, Any]:
    return {
        "policy": policy.name,
        "photos": len(labels.photos),
        "has_defects": labels.has_defects,
        "unreadable": [asdict(photo) for photo in unreadable],
        **asdict(result),
    }
