"""The student's pages: what all of them share."""

from __future__ import annotations

from typing import Final

from apiflask import APIBlueprint

from backend.messages.demands import hex_colour
from backend.messages.student import beijing_time
from backend.web.uploads import limit_forms

bp: Final = APIBlueprint("student", __name__, enable_openapi=False)
bp.add_app_template_filter(beijing_time)
bp.add_app_template_filter(hex_colour)


@bp.before_request
def _limit_forms() -> None:
    limit_forms("student.read_code", "student.read_new_code", "student.upload_photo")
