"""One upload, whole: probe, measure, judge, frame, encode, and measure what came out."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import structlog
from PIL import Image

from backend.domain.backgrounds import judge_change, not_changed, replaced
from backend.domain.errors import PhotoUnreadableError
from backend.domain.framing import FramingRefusal, Missing, frame
from backend.domain.measurements import FaceGeometry, Measurements
from backend.domain.photo import FileFacts
from backend.domain.policy import Policy
from backend.domain.report import (
    Background,
    Box,
    Crop,
    Finding,
    PortraitFacts,
    Report,
    Status,
    verdict_of,
)
from backend.domain.rules import human_checklist, judge_person, judge_portrait
from backend.imaging.aside import aside
from backend.imaging.close_up import close_up
from backend.imaging.decode import decode, decode_at_least
from backend.imaging.encode import encode, strip_private_metadata
from backend.imaging.faces import FaceModel
from backend.imaging.landmarks import Pixels
from backend.imaging.likeness import likeness_of
from backend.imaging.matting.change import change_background
from backend.imaging.measure import Seen, locate, measure, see
from backend.imaging.overlay import Upload, draw_overlay
from backend.imaging.probe import probe
from backend.imaging.turns import Turns

log = structlog.get_logger(__name__)

#: What separating a person may end in, on pixels that nobody thought of.
_CANNOT: Final = (cv2.error, ArithmeticError, MemoryError, ValueError)
#: A person may have to look at what keeps the limits.
_LIMITS_KEPT: Final = frozenset({Status.PASS, Status.HUMAN})
#: Enough for landmarks, and in nearly every picture enough for the portrait as well.
MEASURE_PX: Final = 1000
#: Of 255; converting sRGB to sRGB rounds by so much.
_UNSEEN_LEVELS: Final = 2
#: A frame is looked at twice a second; what is larger is no frame, px.
_LARGEST_FRAME: Final = 1280
#: Reducing a picture to whole pixels changes its shape by so much.
_SHAPE_ERROR: Final = 0.02
#: The finished file's name decides its extension (notice F2).
_PORTRAIT_NAME: Final = "portrait.jpg"
#: The filters look at so many pixels of the result to either side.
_FILTER_REACH: Final = 3


@dataclass(frozen=True, slots=True)
class Portrayal:
    """A finished portrait and the report that goes with it."""

    report: Report
    portrait: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PhotoInspection:
    """What looking at one upload yields."""

    file: FileFacts
    report: Report
    portrait: bytes | None = field(repr=False)
    overlay: bytes | None = field(repr=False)
    likeness: str | None = field(repr=False)
    own_background: Portrayal | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """The upload as bytes, and as pixels of which each stands for ``scale`` of it."""

    data: bytes = field(repr=False)
    file: FileFacts
    rgb: Pixels = field(repr=False)
    scale: float


@dataclass(frozen=True, slots=True)
class _Finished:
    """A portrait that was made, and what measuring it again said."""

    data: bytes = field(repr=False)
    crop: Crop
    file: FileFacts
    head: FaceGeometry
    facts: PortraitFacts


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The portrait a photo got, if any, with all that was found."""

    report: Report
    finished: _Finished | None
    own_background: Portrayal | None = None


class MediaPipeInspector:
    """Judges uploads and makes portraits; one instance serves all threads."""

    def __init__(self, *, shared: Path | None = None) -> None:
        """``shared`` is a folder of all processes that take turns at heavy work."""
        self._model = FaceModel()
        self._turns = Turns("background", folder=shared)

    def warm_up(self) -> None:
        """Load the face model now; raises UnavailableError."""
        self._model.warm_up()

    def close_up(self, data: bytes, box: Box, *, large: bool = False) -> bytes:
        """Return a region of an upload as JPEG; raises PhotoUnreadableError."""
        return close_up(data, box, large=large)

    def inspect(
        self,
        data: bytes,
        *,
        filename: str | None,
        policy: Policy,
        today: date | None = None,
        background: Background = Background.KEEP,
    ) -> PhotoInspection:
        """Look at one upload; its age is counted to ``today``, and left open without.

        With the standard background the portrait gets it where it can be given cleanly;
        ``own_background`` is then the same photo without.

        Raises:
            PhotoUnreadableError: the bytes are not a picture that can be opened.
            UnavailableError: the face model cannot be loaded; ``background_busy`` with
                ``retry_after`` seconds: others are having their background replaced.
        """
        change = background is Background.STANDARD
        with self._turns.taken() if change else nullcontext():
            return self._inspect(data, filename, policy, today, change=change)

    def _inspect(
        self,
        data: bytes,
        filename: str | None,
        policy: Policy,
        today: date | None,
        *,
        change: bool,
    ) -> PhotoInspection:
        # The header is read and the file's digest taken while the pixels are decoded.
        reading = aside(probe, data, filename=filename)
        rgb, scale = decode_at_least(data, min_short_side_px=MEASURE_PX)
        file = reading.result()
        seen = see(rgb, scale=scale, model=self._model)
        # The portrait needs only the head's place, so it is made while the rest is
        # measured.
        measuring = aside(measure, seen, file, today=today)
        source = _Source(data, file, rgb, scale)
        framed = self._framed(source, seen, policy)
        measured = measuring.result()
        own = framed if isinstance(framed, _Finished) else None
        refusal = framed if isinstance(framed, FramingRefusal) else None
        outcome = _Outcome(_report(measured, own, refusal, policy), own)
        if change and own:
            outcome = self._changed(source, measured, outcome, own, policy)
        finished = outcome.finished
        return PhotoInspection(
            file=file,
            report=outcome.report,
            portrait=finished.data if finished else None,
            overlay=draw_overlay(
                Upload(rgb, scale, measured.geometry),
                outcome.report,
                policy,
                wanted=refusal.wanted if refusal else None,
            ),
            # What a picture looks like is asked of it as it was taken.
            likeness=likeness_of(own.data, own.head) if own else None,
            own_background=outcome.own_background,
        )

    def _changed(
        self,
        source: _Source,
        measured: Measurements,
        own: _Outcome,
        finished: _Finished,
        policy: Policy,
    ) -> _Outcome:
        """Give a portrait the standard background, or leave it as it is and say why."""
        try:
            pixels = _pixels_of(source, finished.crop, policy)
            changed = change_background(
                pixels, finished.head, policy.background.colour, self._model.person_mask
            )
            finding, portrait = judge_change(changed.facts, policy), None
            if finding.status in _LIMITS_KEPT:
                portrait = self._encoded_again(changed.rgb, finished, policy)
        except _CANNOT as error:
            # A portrait with its own background is worth more than none.
            log.warning("background_failed", kind=type(error).__name__)
            finding, portrait = not_changed(policy), None
        if portrait is None:
            spoilt = finding.status in _LIMITS_KEPT
            why = not_changed(policy) if spoilt else finding
            return replace(own, report=_with(own.report, why, policy))
        behind = self._measured_behind(portrait, measured)
        report = _with(
            _report(behind, portrait, None, replaced(policy)), finding, policy
        )
        return _Outcome(
            report=replace(report, background=Background.STANDARD),
            finished=portrait,
            own_background=Portrayal(own.report, finished.data),
        )

    def _encoded_again(
        self, rgb: Pixels, own: _Finished, policy: Policy
    ) -> _Finished | None:
        """Finish a changed portrait; none when that breaks a limit its own one keeps."""
        encoded = encode(rgb, limits=policy.encoding)
        portrait = self._measured_again(encoded.data, own.crop, policy)
        if portrait is None or _flaws(portrait, policy) > _flaws(own, policy):
            return None
        return portrait

    def _measured_behind(
        self, portrait: _Finished, measured: Measurements
    ) -> Measurements:
        """Return a photo's measurements with the background of its portrait."""
        seen = see(decode(portrait.data), scale=1, model=self._model, shoulders=False)
        again = measure(seen, portrait.file)
        return replace(
            measured,
            background_edges=again.background_edges,
            background_spread=again.background_spread,
            background_marks=again.background_marks,
            background_lab=again.background_lab,
            # Regions are shown on the upload, where there is nothing to see of it.
            background_box=None,
        )

    def glance(self, data: bytes, *, picture: tuple[int, int]) -> Measurements:
        """Measure one frame of a camera on the scale of the picture it would take.

        Nothing is framed, encoded or drawn.

        Args:
            data: a small JPEG.
            picture: width and height of the camera's picture, of the frame's shape.

        Raises:
            PhotoUnreadableError: ``frame_not_jpeg``, ``frame_too_large``,
                ``frame_of_other_shape``, or the bytes cannot be opened.
            UnavailableError: the face model cannot be loaded.
        """
        file = probe(data)
        if file.format != "JPEG":
            raise PhotoUnreadableError("frame_not_jpeg")
        if max(file.width, file.height) > _LARGEST_FRAME:
            raise PhotoUnreadableError("frame_too_large")
        rgb = decode(data)
        scale = picture[0] / rgb.shape[1]
        if scale < 1 or abs(rgb.shape[0] * scale / picture[1] - 1) > _SHAPE_ERROR:
            raise PhotoUnreadableError("frame_of_other_shape")
        seen = see(rgb, scale=scale, model=self._model, shoulders=False)
        return measure(seen, file)

    def _framed(
        self, source: _Source, seen: Seen, policy: Policy
    ) -> _Finished | FramingRefusal | None:
        """Make the portrait, or say why not; none when there is no face to frame.

        Measuring the portrait may find the head a few pixels elsewhere. If that breaks a
        limit, the crop is made once more for the head where it was found the second time.
        """
        head, size = seen.head, seen.size
        if head is None:
            return None
        crop = frame(head, size, policy.framing, policy.output)
        if isinstance(crop, FramingRefusal):
            return crop
        first = self._finish(source, crop, policy)
        if first is None:
            return FramingRefusal(Missing.UNCONFIRMED)
        if _flaws(first, policy) == 0:
            return first
        unit = crop.width / policy.output.width
        found = first.head.moved(unit, crop.x, crop.y)
        better = frame(found, size, policy.framing, policy.output)
        if isinstance(better, FramingRefusal) or better == crop:
            return first
        second = self._finish(source, better, policy)
        improved = second and _flaws(second, policy) < _flaws(first, policy)
        return second if second and improved else first

    def _finish(self, source: _Source, crop: Crop, policy: Policy) -> _Finished | None:
        """Cut and encode; none when the face is not found again in what came out."""
        kept = self._kept_coding(source, crop, policy)
        if kept is not None:
            return kept
        pixels = _pixels_of(source, crop, policy)
        encoded = encode(pixels, limits=policy.encoding)
        return self._measured_again(encoded.data, crop, policy)

    def _kept_coding(
        self, source: _Source, crop: Crop, policy: Policy
    ) -> _Finished | None:
        """Return the upload itself, less its private metadata, if it meets F1 to F6."""
        data, file = source.data, source.file
        wanted = (policy.output.width, policy.output.height)
        if file.format != "JPEG" or (file.width, file.height) != wanted:
            return None
        stripped = strip_private_metadata(data)
        if not _look_the_same(data, stripped):
            return None
        kept = self._measured_again(stripped, crop, policy)
        return kept if kept and _flaws(kept, policy) == 0 else None

    def _measured_again(
        self, portrait: bytes, crop: Crop, policy: Policy
    ) -> _Finished | None:
        file = probe(portrait, filename=_PORTRAIT_NAME)
        head = locate(decode(portrait), model=self._model)
        if head is None:
            return None
        return _Finished(
            data=portrait,
            crop=crop,
            file=file,
            head=head,
            facts=_portrait_facts(head, file, policy),
        )


def _report(
    measured: Measurements,
    finished: _Finished | None,
    refusal: FramingRefusal | None,
    policy: Policy,
) -> Report:
    findings = (
        *judge_person(measured, policy),
        *judge_portrait(
            finished.facts if finished else None,
            finished.file if finished else None,
            refusal,
            policy,
        ),
        *human_checklist(measured, policy),
    )
    return Report(
        policy=policy.name,
        verdict=verdict_of(findings, policy.severities),
        findings=findings,
        crop=finished.crop if finished else None,
        portrait=finished.facts if finished else None,
        picture_width=measured.picture_width,
        picture_height=measured.picture_height,
    )


def _with(report: Report, finding: Finding, policy: Policy) -> Report:
    """Return a report with one more finding."""
    findings = (*report.findings, finding)
    verdict = verdict_of(findings, policy.severities)
    return replace(report, findings=findings, verdict=verdict)


def _look_the_same(data: bytes, stripped: bytes) -> bool:
    """Tell whether a file looks as it did once its notes are gone.

    A turn, a mirroring or the meaning of the colours may have stood in them.
    """
    before, after = (decode(file).astype(np.int16) for file in (data, stripped))
    return before.shape == after.shape and bool(
        np.abs(before - after).max() <= _UNSEEN_LEVELS
    )


def _flaws(finished: _Finished, policy: Policy) -> int:
    """Return how badly a portrait misses F1 to F6: failures weigh more than warnings."""
    findings = judge_portrait(finished.facts, finished.file, None, policy)
    weights = {Status.FAIL: 100, Status.WARN: 1}
    return sum(weights.get(finding.status, 0) for finding in findings)


def _pixels_of(source: _Source, crop: Crop, policy: Policy) -> Pixels:
    """Return the framed portrait before it is encoded."""
    output, rgb, scale = policy.output, source.rgb, source.scale
    if crop.width / scale < output.width and scale > 1:
        rgb, scale = _large_enough(source, crop, output.width)
    return _cut(rgb, scale, crop, (output.width, output.height))


def _large_enough(source: _Source, crop: Crop, width: int) -> tuple[Pixels, float]:
    """Decode the upload again, reduced as far as the crop still has so many pixels."""
    short = min(source.rgb.shape[:2]) * source.scale
    needed = math.ceil(short * width / crop.width)
    return decode_at_least(source.data, min_short_side_px=needed)


def _cut(rgb: Pixels, scale: float, crop: Crop, size: tuple[int, int]) -> Pixels:
    """Return the crop, given in full-resolution pixels, scaled evenly to ``size``."""
    height, width = rgb.shape[:2]
    left, top = crop.x / scale, crop.y / scale
    # Rounding may put the last corner a hair outside the reduced picture.
    right = min((crop.x + crop.width) / scale, width)
    bottom = min((crop.y + crop.height) / scale, height)
    # From twice the pixels on the eye cannot tell the two filters apart.
    many = crop.width / scale >= 2 * size[0]
    how = Image.Resampling.HAMMING if many else Image.Resampling.LANCZOS
    # Only what the filter reaches is handed over; the rest would be copied for nothing.
    reach = math.ceil(_FILTER_REACH * max(1.0, (right - left) / size[0])) + 1
    x, y = max(0, int(left) - reach), max(0, int(top) - reach)
    part = rgb[y : math.ceil(bottom) + reach, x : math.ceil(right) + reach]
    picture = Image.fromarray(np.ascontiguousarray(part)).resize(
        size, how, box=(left - x, top - y, right - x, bottom - y)
    )
    return np.asarray(picture, np.uint8)


def _portrait_facts(
    head: FaceGeometry, file: FileFacts, policy: Policy
) -> PortraitFacts:
    return PortraitFacts(
        width=file.width,
        height=file.height,
        bytes=file.size_bytes,
        quality=file.jpeg_quality or 0,
        dpi=round(file.dpi[0]) if file.dpi else 0,
        crown_px=round(head.crown_y, 1),
        eye_line_px=round(head.eye_y, 1),
        face_width_px=round(head.face_width, 1),
        centre_offset_px=round(head.centre_x - policy.output.width / 2, 1),
    )
