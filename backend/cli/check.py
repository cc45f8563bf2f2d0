"""Judging photos without any server."""

from __future__ import annotations

import errno
import json
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from backend.cli.policy_argument import PolicyArgument
from backend.domain.backgrounds import CHANGE_RULE
from backend.domain.errors import DomainError, UnavailableError
from backend.domain.policy import Policy
from backend.domain.report import Background, Finding
from backend.imaging.inspector import MediaPipeInspector, PhotoInspection
from backend.messages.backgrounds import BACKGROUNDS
from backend.messages.errors import error_text
from backend.messages.findings import describe, order_for_display

_MARKS: Final = {
    "pass": "✓ 合格",
    "warn": "! 可提交，请留意",
    "fail": "✗ 不合格",
    "error": "✗ 打不开",
}


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…"
)
@click.option(
    "--policy",
    type=PolicyArgument(),
    default="notice-2025",
    show_default=True,
    metavar="NAME|FILE.toml",
    help="A shipped policy, or a file of your own.",
)
@click.option(
    "--background",
    type=click.Choice([one.value for one in Background]),
    default=Background.KEEP.value,
    show_default=True,
    help="Give the portraits the policy's standard background, where it can be done.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write portrait and overlay of each photo here.",
)
def check(
    files: tuple[Path, ...],
    policy: Policy,
    *,
    background: str,
    as_json: bool,
    out: Path | None,
) -> None:
    """Judge photos against a policy; exit 0 pass or warn, 1 fail, 2 error."""
    inspector = MediaPipeInspector()
    if out is not None:
        _make(out)
    worst = 0
    for file in files:
        answer = _judge(inspector, file, policy, Background(background), out)
        worst = max(worst, {"fail": 1, "error": 2}.get(answer["verdict"], 0))
        click.echo(
            json.dumps(answer, ensure_ascii=False) if as_json else _table(answer)
        )
    sys.exit(worst)


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(
            error.strerror or "cannot be made", param_hint="--out"
        ) from None


def _read(file: Path) -> bytes:
    """Return a file's bytes; a pipe or device might never end."""
    if file.exists() and not file.is_file():
        raise OSError(errno.EINVAL, "not a file")
    return file.read_bytes()


def _judge(
    inspector: MediaPipeInspector,
    file: Path,
    policy: Policy,
    background: Background,
    out: Path | None,
) -> dict[str, Any]:
    """Return one file's answer; a file that cannot be judged is an answer too."""
    started = time.perf_counter()
    findings: list[dict[str, Any]] = []
    portrait, shown = None, None
    try:
        data = _read(file)
        seen = _inspected(inspector, data, file.name, policy, background)
        verdict = seen.report.verdict.value
        findings = [_finding(f) for f in order_for_display(seen.report.findings)]
        portrait = _portrait(seen, _write(seen, file, out))
        shown = seen.report.background.value if portrait else None
    except DomainError as error:
        text = error_text(error.code, error.data)
        verdict, findings = (
            "error",
            [_failure(error.code, f"{text.title}。{text.todo}")],
        )
    except OSError as error:
        verdict = "error"
        findings = [_failure("file_unreadable", error.strerror or "unreadable")]
    return {
        "file": click.format_filename(file),
        "verdict": verdict,
        "findings": findings,
        "portrait": portrait,
        # Whoever does not ask for another one need not know the word.
        **({"background": shown} if background is Background.STANDARD else {}),
        "elapsed_ms": round((time.perf_counter() - started) * 1000, 1),
    }


def _inspected(
    inspector: MediaPipeInspector,
    data: bytes,
    name: str,
    policy: Policy,
    background: Background,
) -> PhotoInspection:
    today = datetime.now(UTC).date()
    look = partial(inspector.inspect, data, filename=name, policy=policy, today=today)
    if background is Background.KEEP:
        return look()
    while True:
        try:
            return look(background=background)
        except UnavailableError as error:
            # Another program on this machine has its turn.
            if error.code != "background_busy":
                raise
            time.sleep(float(error.data["retry_after"]))


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "clauses": list(finding.clauses),
        "status": finding.status.value,
        "value": finding.value,
        "limit": list(finding.limit) if finding.limit else None,
        "unit": finding.unit,
        "message": describe(finding).what,
    }


def _failure(code: str, message: str) -> dict[str, Any]:
    return {
        "rule": code,
        "clauses": [],
        "status": "fail",
        "value": None,
        "limit": None,
        "unit": "",
        "message": message,
    }


def _write(seen: PhotoInspection, file: Path, out: Path | None) -> Path | None:
    """Write portrait and overlay; files of one name from two folders do not collide."""
    if out is None:
        return None
    stem = f"{file.stem}-{seen.file.sha256[:8]}"
    if seen.overlay is not None:
        (out / f"{stem}-overlay.jpg").write_bytes(seen.overlay)
    if seen.portrait is None:
        return None
    path = out / f"{stem}.jpg"
    path.write_bytes(seen.portrait)
    return path


def _portrait(seen: PhotoInspection, path: Path | None) -> dict[str, Any] | None:
    facts = seen.report.portrait
    if facts is None:
        return None
    return {"path": click.format_filename(path) if path else None, **asdict(facts)}


def _table(answer: dict[str, Any]) -> str:
    lines = [f"{answer['file']}: {_MARKS[answer['verdict']]}"]
    lines += [
        f"    {_STATUS[f['status']]} {f['message']}"
        for f in answer["findings"]
        if f["status"] in _STATUS
    ]
    skipped = [f["rule"] for f in answer["findings"] if f["status"] == "skip"]
    if skipped:
        lines.append(f"    · 未检查：{'、'.join(skipped)}")
    facts = answer["portrait"]
    if facts is not None:
        lines.append(
            f"    成品照 {facts['width']}×{facts['height']}，{facts['bytes'] / 1024:.1f} KiB，"
            f"品质 {facts['quality']}，头顶 {facts['crown_px']:.0f}，"
            f"眼睛 {facts['eye_line_px']:.0f}，脸宽 {facts['face_width_px']:.0f} 像素"
            + (f"  → {facts['path']}" if facts["path"] else "")
        )
    if "background" in answer:
        lines.append(f"    背景：{_background(answer)}")
    return "\n".join(lines)


def _background(answer: dict[str, Any]) -> str:
    """Return what was done to the background, and why nothing was."""
    if answer["background"] is None:
        return "没有成品照，没有更换"
    name = BACKGROUNDS[Background(answer["background"])]
    if answer["background"] == Background.STANDARD:
        return name
    why = [f["message"] for f in answer["findings"] if f["rule"] == CHANGE_RULE]
    return f"{name}（没有更换：{''.join(why)}）"


_STATUS: Final = {"fail": "✗", "warn": "!"}
