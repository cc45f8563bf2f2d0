"""Bodies that need not be there, or may be something else than JSON."""

from __future__ import annotations

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from backend.domain.errors import InvalidInputError, Violation
from backend.domain.report import Background
from backend.web.api.schemas import ConfirmIn

_In = TypeVar("_In", bound=BaseModel)


def body_as(model: type[_In]) -> _In:
    """Return the JSON body; raises InvalidInputError with every field that is wrong."""
    try:
        return model.model_validate(request.get_json())
    except ValidationError as error:
        wrong = {str(e["loc"][0]) if e["loc"] else "body" for e in error.errors()}
        found = tuple(Violation(name, "invalid_field") for name in sorted(wrong))
        raise InvalidInputError("invalid_input", violations=found) from None


def agreed_background() -> Background | None:
    """Return which background is agreed to, if the request says so."""
    return body_as(ConfirmIn).background if request.get_data() else None
