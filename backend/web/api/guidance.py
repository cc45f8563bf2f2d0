"""Hints while the camera is open: one small frame in, one line out, nothing kept."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from apiflask.fields import UploadFile
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from backend.domain.errors import TooLargeError
from backend.domain.guidance import Hint
from backend.messages.guidance import hint_line
from backend.services.types import GuidanceView, SessionInfo
from backend.web.api.blueprint import bp, problems
from backend.web.auth import student_required
from backend.web.context import services
from backend.web.uploads import FRAME_BYTES, required_file

_SIGNED_IN: Final[list[str | dict[str, list[Any]]]] = [{"bearer": []}, {"cookie": []}]
#: Wider or higher than any camera.
_MOST_PX: Final = 20_000
_Side = Annotated[int, Field(ge=1, le=_MOST_PX)]


class FrameIn(BaseModel):
    """A frame of the open camera, not mirrored, and what it is a frame of.

    Width and height are those of the picture the camera would take, px, in the frame's
    shape. ``facing`` is who reads the hint: the person (``user``) or somebody else who
    holds the camera (``environment``).
    """

    frame: UploadFile
    width: _Side
    height: _Side
    facing: Literal["user", "environment"] = "user"


class HeadOut(BaseModel):
    """Where the head is, as shares of the frame's width and height."""

    model_config = ConfigDict(from_attributes=True)

    x: float
    y: float
    width: float
    height: float


class GuidanceOut(BaseModel):
    """The one thing to do next."""

    hint: Hint
    text: str
    ready: bool
    box: HeadOut | None

    @classmethod
    def of(cls, seen: GuidanceView, given: FrameIn) -> Self:
        """Return the hint in the words of whoever reads it."""
        return cls(
            hint=seen.hint,
            text=hint_line(seen.hint, mirrored=given.facing == "user"),
            ready=seen.hint is Hint.READY,
            box=HeadOut.model_validate(seen.box) if seen.box else None,
        )


@bp.post("/bindings/<binding_id>/guidance")
@student_required
@bp.input(FrameIn, location="form_and_files")
@bp.output(GuidanceOut)
@bp.doc(
    security=_SIGNED_IN,
    responses=problems(400, 401, 403, 404, 409, 410, 413, 422, 429, 503),
)
def guide_camera(
    session: SessionInfo, binding_id: str, form_and_files_data: FrameIn
) -> ResponseReturnValue:
    """Say what to do next before the camera. The frame is measured and forgotten."""
    given = form_and_files_data
    seen = services().guidance.look(
        session.principal,
        binding_id,
        received_frame(),
        picture=(given.width, given.height),
    )
    return GuidanceOut.of(seen, given).model_dump(mode="json")


def received_frame() -> bytes:
    """Return the frame sent; raises TooLargeError ``frame_too_large``."""
    frame, _ = required_file("frame")
    if len(frame) > FRAME_BYTES:
        raise TooLargeError("frame_too_large")
    return frame
