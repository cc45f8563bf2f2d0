"""Measures the judging on labelled portraits and writes ``deploy/EVALUATION.md``.

``make evaluation`` runs it. It takes some minutes, so it is no test; the tests hold a
part of what it shows.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from backend.domain.backgrounds import judge_change
from backend.domain.file_rules import FILE_RULES, check_file
from backend.domain.report import Finding, Report, Status, Verdict
from backend.imaging.measure import locate
from backend.imaging.probe import probe
from backend.messages.findings import describe
from tests.defects import FILE_DEFECTS, Portrait, defects
from tests.domain.judging import NOTICE
from tests.imaging.portraits import inspector, model, person
from tests.photos.backdrops import BACKDROPS, PLAIN
from tests.photos.labelled import (
    KNOWN,
    LABELS,
    TOOTHY,
    Labelled,
    inspected,
    portraits,
)
from tests.photos.separation import (
    LARGE_PIECE,
    Again,
    framed,
    separated,
    separated_again,
    side_by_side,
)

TARGET = Path(__file__).resolve().parents[2] / "deploy" / "EVALUATION.md"
#: Where the pictures of people go; never into the project.
FOLDER = Path(os.environ.get("BIZHAO_EVALUATION", TARGET.parents[1] / "var/evaluation"))
SHEET = FOLDER / "backgrounds.jpg"
#: Curly, long and loose, tied up, a fringe, thin, shaven, bald: looked at one by one.
SHOWN = frozenset(
    "003 005 007 009 013 019 061 067 069 081 083 087 091 099 105 113 123 125 127 129".split()  # noqa: SIM905
)
NEUTRAL, SMILING, CANADA = "london_neutral", "london_smiling", "canada"
WRONG = frozenset({Status.WARN, Status.FAIL})


@dataclass(frozen=True)
class Outcome:
    """What became of one spoilt portrait."""

    kind: str
    strength: str
    rule: str
    person: str
    failed: bool
    noticed: bool
    blocked: bool


@dataclass(frozen=True)
class Put:
    """What became of one file whose coding is at fault."""

    kind: str
    rule: str
    named: bool
    put_right: bool


@dataclass(frozen=True)
class Seen:
    """One portrait as it is, and spoilt in every way."""

    portrait: Labelled
    report: Report
    outcomes: tuple[Outcome, ...]
    files: tuple[Put, ...]
    walls: tuple[Again, ...]
    replaced: Finding | None


def look(portrait: Labelled) -> Seen:
    """Judge one portrait; neutral ones are spoilt and put before other walls too."""
    report = inspected(portrait).report
    whole = portrait.set_name == NEUTRAL and report.verdict is not Verdict.FAIL
    good = _good(portrait) if whole else None
    return Seen(
        portrait=portrait,
        report=report,
        outcomes=tuple(_spoilt(portrait, good)) if good else (),
        files=tuple(_files(good)) if good else (),
        walls=tuple(separated_again(portrait)) if portrait.set_name == NEUTRAL else (),
        replaced=_replaced(portrait),
    )


def _replaced(portrait: Labelled) -> Finding | None:
    """Judge how well the portrait itself could be put before the standard colour."""
    picture = framed(portrait)
    if picture is None:
        return None
    return judge_change(separated(picture.rgb, picture.head).facts, NOTICE)


def _good(portrait: Labelled) -> Portrait:
    rgb = np.asarray(Image.open(portrait.path).convert("RGB"))
    head = locate(rgb, model=model())
    assert head is not None
    return Portrait(rgb, head)


def _spoilt(portrait: Labelled, good: Portrait) -> Iterator[Outcome]:
    for defect in defects(person):
        report = _judged(defect.file(good))
        statuses = {f.rule: f.status for f in report.findings}
        own = [statuses[rule] for rule in (defect.rule, defect.also) if rule]
        # A face spoilt so far that none is found is refused for that.
        own += [s for s in [statuses["face_count"]] if s is Status.FAIL]
        yield Outcome(
            kind=defect.kind,
            strength=defect.strength,
            rule=defect.rule,
            person=portrait.person,
            failed=Status.FAIL in own,
            noticed=bool(WRONG & set(own)),
            blocked=report.verdict is Verdict.FAIL,
        )


def _files(good: Portrait) -> Iterator[Put]:
    for defect in FILE_DEFECTS:
        data = defect.file(good)
        as_it_is = check_file(probe(data), NOTICE, finished=True)
        after = {f.rule: f.status for f in _judged(data).findings}
        yield Put(
            kind=defect.name,
            rule=defect.rule,
            named=any(f.rule == defect.rule and f.status in WRONG for f in as_it_is),
            put_right={after[rule] for rule in FILE_RULES} == {Status.PASS},
        )


def _judged(data: bytes) -> Report:
    return inspector().inspect(data, filename="photo.jpg", policy=NOTICE).report


# The text.


def text_of(everyone: list[Seen]) -> str:
    """Return the whole page."""
    neutral = [seen for seen in everyone if seen.portrait.set_name == NEUTRAL]
    smiling = [seen for seen in everyone if seen.portrait.set_name == SMILING]
    parts = (
        _head(everyone),
        _blocked(neutral),
        _marked(everyone),
        _groups(neutral),
        _smiles(smiling),
        _defect_table(neutral),
        _file_table(neutral),
        _untouched(neutral),
        _backgrounds(neutral),
        _own_walls(everyone),
    )
    return "\n".join(parts)


def _head(everyone: list[Seen]) -> str:
    return f"""# How well portraits are judged

Policy `{NOTICE.name}`, {len(everyone)} labelled portraits of real people (Face Research Lab London and
Canadian sets, CC BY 4.0, not part of this project). Repeat with `make evaluation` where
the folder of labelled portraits is (`BIZHAO_TEST_PHOTOS` names another). This page is
written by that command and by nothing else.
"""


def _blocked(neutral: list[Seen]) -> str:
    refused = [seen for seen in neutral if seen.report.verdict is Verdict.FAIL]
    lines = []
    for seen in refused:
        for finding in seen.report.findings:
            if finding.status is Status.FAIL:
                what = describe(finding, "en").what
                lines.append(f"| {seen.portrait.file} | `{finding.rule}` | {what} |")
    return f"""## Neutral portraits

{len(neutral) - len(refused)} of {len(neutral)} are accepted (with warnings or without), {len(refused)} blocked:

| portrait | rule | why |
|---|---|---|
{chr(10).join(lines)}
"""


def _marked(everyone: list[Seen]) -> str:
    apart = []
    for seen in everyone:
        report, marked = seen.report, seen.portrait.pupils_y
        if marked is None or report.crop is None or report.portrait is None:
            continue
        unit = NOTICE.output.width / report.crop.width
        apart.append(abs((marked - report.crop.y) * unit - report.portrait.eye_line_px))
    return f"""## Eye line and hand-marked pupils

{len(apart)} finished portraits of persons whose pupils were marked by hand: the reported eye
line is {statistics.median(apart):.1f} px away in the median, {np.percentile(apart, 95):.1f} px at 95 %, {max(apart):.1f} px at most.
"""


def _groups(neutral: list[Seen]) -> str:
    rows = []
    for trait in ("gender", "ethnicity", "age"):
        groups: dict[str, list[Seen]] = {}
        for seen in neutral:
            groups.setdefault(_group(seen.portrait, trait), []).append(seen)
        for name, members in sorted(groups.items()):
            blocked = sum(seen.report.verdict is Verdict.FAIL for seen in members)
            warned = sum(
                any(
                    f.status is Status.WARN and f.rule != "clothes_contrast"
                    for f in seen.report.findings
                )
                for seen in members
            )
            rows.append(f"| {trait} | {name} | {len(members)} | {blocked} | {warned} |")
    return f"""## Equal treatment

Neutral portraits by group. Warned counts other warnings than the one on white shirts
before a light wall, which nearly everybody gets.

| trait | group | persons | blocked | warned |
|---|---|---|---|---|
{chr(10).join(rows)}
"""


def _group(portrait: Labelled, trait: str) -> str:
    if trait != "age":
        return str(getattr(portrait, trait)) or "unknown"
    if not portrait.age.isdigit():
        return "unknown"
    return "over 35" if int(portrait.age) > 35 else "35 and under"


def _smiles(smiling: list[Seen]) -> str:
    toothy = [seen for seen in smiling if seen.portrait.person in TOOTHY]
    noticed = [
        seen
        for seen in toothy
        if any(
            f.rule in {"mouth_closed", "expression_natural"} and f.status in WRONG
            for f in seen.report.findings
        )
    ]
    return f"""## Smiles

{len(toothy)} of {len(smiling)} smiling portraits show teeth to the eye; {len(noticed)} of them fail or warn for
mouth or expression.
"""


def _defect_table(neutral: list[Seen]) -> str:
    rows = []
    outcomes = [outcome for seen in neutral for outcome in seen.outcomes]
    for key in dict.fromkeys((o.kind, o.strength, o.rule) for o in outcomes):
        some = [o for o in outcomes if (o.kind, o.strength, o.rule) == key]
        noticed = sum(o.noticed for o in some)
        rows.append(
            f"| {key[0]} | {key[1]} | `{key[2]}` | {noticed}/{len(some)} "
            f"| {noticed / len(some):.0%} | {sum(o.failed for o in some)} "
            f"| {sum(o.blocked for o in some)} "
            f"| {', '.join(o.person for o in some if not o.noticed) or '–'} |"
        )
    return f"""## Defects made on purpose

Each accepted neutral portrait, spoilt in one way (`tests/defects.py`). Noticed: the rule
for this defect warns or fails, or no face is found any more. Blocked: the photo as a whole
is refused. Not noticed: the persons.

| defect | strength | rule | noticed | share | fails | blocked | not noticed |
|---|---|---|---|---|---|---|---|
{chr(10).join(rows)}
"""


def _file_table(neutral: list[Seen]) -> str:
    puts = [put for seen in neutral for put in seen.files]
    rows = []
    for key in dict.fromkeys((put.kind, put.rule) for put in puts):
        some = [put for put in puts if (put.kind, put.rule) == key]
        rows.append(
            f"| {key[0]} | `{key[1]}` | {sum(p.named for p in some)}/{len(some)} "
            f"| {sum(p.put_right for p in some)}/{len(some)} |"
        )
    return f"""## Files at fault

What is wrong with the coding only is put right in the finished portrait. Named: the rule
fails on the file as it is.

| file | rule | named | put right |
|---|---|---|---|
{chr(10).join(rows)}
"""


def _untouched(neutral: list[Seen]) -> str:
    rows = []
    tested = dict.fromkeys(o.rule for seen in neutral for o in seen.outcomes)
    for rule in tested:
        known = KNOWN.get(rule, frozenset())
        clean = [seen for seen in neutral if seen.portrait.person not in known]
        raised = [seen.portrait.person for seen in clean if rule in _raised(seen)]
        shown = ", ".join(raised) or "–"
        rows.append(
            f"| `{rule}` | {len(raised)}/{len(clean)} | {shown} | {len(known)} |"
        )
    return f"""## The same rules on untouched portraits

How often each rule warns or fails on neutral portraits that have nothing of the kind to
the eye. Known: persons left out, because the rule is right about them (ears or brows
under hair).

| rule | raised | persons | known |
|---|---|---|---|
{chr(10).join(rows)}
"""


def _backgrounds(neutral: list[Seen]) -> str:
    again = [found for seen in neutral for found in seen.walls]
    errors = [found.error for found in again]
    rows = []
    for wall in BACKDROPS:
        some = [found for found in again if found.wall == wall]
        spoilt = [found for found in some if found.spoilt]
        good = [found for found in some if not found.spoilt]
        rows.append(
            f"| {wall.replace('_', ' ')} | {'yes' if wall in PLAIN else ''} "
            f"| {statistics.median(f.error for f in some):.3f} "
            f"| {sum(f.replaced for f in good)}/{len(good)} "
            f"| {sum(not f.replaced for f in spoilt)}/{len(spoilt)} |"
        )
    return f"""## Backgrounds replaced

The matte of each neutral portrait before its own light wall is the reference; the same
person is put before {len(BACKDROPS)} other walls made by numbers (`tests/photos/backdrops.py`) and
separated again, {len(again)} times in all. Where either matte mixes, alpha differs by
{statistics.median(errors):.3f} in the median and {np.percentile(errors, 95):.3f} at 95 %. Spoilt: a piece of the person is gone, or of the
wall stayed, larger than {LARGE_PIECE:.1%} of the person. The limits were set on these same pictures.

| wall | plain and light | error, median | good ones replaced | spoilt ones stopped |
|---|---|---|---|---|
{chr(10).join(rows)}
"""


def _own_walls(everyone: list[Seen]) -> str:
    asked = [seen for seen in everyone if seen.replaced is not None]
    kept = [
        f"{seen.portrait.file} ({seen.replaced.advice})"
        for seen in asked
        if seen.replaced and seen.replaced.status is not Status.PASS
    ]
    return f"""Before their own studio wall {len(asked) - len(kept)} of {len(asked)} portraits get the standard background. The
others keep theirs: {", ".join(kept)}.

`make evaluation` also writes a sheet of {len(SHOWN)} of them, `{SHEET.name}`, into the folder it is told
by `BIZHAO_EVALUATION` (`var/evaluation` by default), to be looked at.
"""


def _draw_sheet() -> None:
    """Write the portraits that are shown before the standard colour, for eyes."""
    chosen = [p for p in portraits(NEUTRAL) if p.person in SHOWN]
    found = ((p, framed(p)) for p in chosen)
    pictures = [separated(f.rgb, f.head).rgb for _, f in found if f is not None]
    SHEET.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(side_by_side(pictures, 5)).save(SHEET)


def _raised(seen: Seen) -> set[str]:
    return {f.rule for f in seen.report.findings if f.status in WRONG}


def _progress(found: Iterable[Seen], total: int) -> Iterator[Seen]:
    for number, seen in enumerate(found, 1):
        sys.stderr.write(f"\r{number}/{total}")
        sys.stderr.flush()
        yield seen
    sys.stderr.write("\n")


def main() -> None:
    """Judge everybody on all cores and write the page."""
    if not LABELS.exists():
        sys.exit(f"no labelled portraits at {LABELS.parent}")
    everyone = [p for name in (NEUTRAL, SMILING, CANADA) for p in portraits(name)]
    with ProcessPoolExecutor() as pool:
        seen = list(_progress(pool.map(look, everyone), len(everyone)))
    TARGET.write_text(text_of(seen), encoding="utf-8")
    _draw_sheet()


if __name__ == "__main__":
    main()
