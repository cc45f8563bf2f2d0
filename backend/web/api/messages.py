"""Which messages a student may be asked to agree to, and what they answered."""

from __future__ import annotations

from typing import Annotated, Any, Final

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from backend.domain.wechat import MessageKind
from backend.services.types import SessionInfo
from backend.web.api.blueprint import bp, problems
from backend.web.auth import student_required
from backend.web.context import services

_SIGNED_IN: Final[list[str | dict[str, list[Any]]]] = [{"bearer": []}, {"cookie": []}]
_TemplateId = Annotated[str, Field(min_length=1, max_length=80)]
_Answer = Annotated[str, Field(max_length=30)]


class TemplateOut(BaseModel):
    """A template to ask for; ``remaining`` messages of it are agreed to already."""

    model_config = ConfigDict(from_attributes=True)

    kind: MessageKind
    template_id: str
    remaining: int


class TemplatesOut(BaseModel):
    """The templates of the caller's channel; none for a plain browser."""

    items: list[TemplateOut]


class MessageConsentsIn(BaseModel):
    """What WeChat's sheet was answered with: template id → ``accept`` or ``reject``."""

    model_config = ConfigDict(extra="forbid")

    results: dict[_TemplateId, _Answer] = Field(max_length=10)


@bp.get("/message-templates")
@student_required
@bp.output(TemplatesOut)
@bp.doc(security=_SIGNED_IN, responses=problems(401))
def message_templates(session: SessionInfo) -> ResponseReturnValue:
    """Return the templates to ask the student for."""
    found = services().message_consents.state(session.principal)
    return {"items": [TemplateOut.model_validate(item) for item in found]}


@bp.post("/message-consents")
@student_required
@bp.input(MessageConsentsIn, location="json")
@bp.output(TemplatesOut)
@bp.doc(security=_SIGNED_IN, responses=problems(400, 401, 403))
def record_message_consents(
    session: SessionInfo, json_data: MessageConsentsIn
) -> ResponseReturnValue:
    """Count what the student agreed to."""
    found = services().message_consents.record(session.principal, json_data.results)
    return {"items": [TemplateOut.model_validate(item) for item in found]}
