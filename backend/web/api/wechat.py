"""Signing in from the mini program, and the signature WeChat's scripts ask for."""

from __future__ import annotations

from typing import Annotated

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from backend.web.api.blueprint import bp, problems
from backend.web.api.schemas import SessionOut
from backend.web.auth import public
from backend.web.context import client_address, services


class MiniProgramCodeIn(BaseModel):
    """What ``wx.login`` gave: good once, for five minutes."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=1, max_length=200)]


class PageIn(BaseModel):
    """A page's address without its fragment."""

    url: Annotated[str, Field(min_length=1, max_length=1000)]


class PageSignatureOut(BaseModel):
    """What ``wx.config`` takes."""

    model_config = ConfigDict(from_attributes=True)

    app_id: str
    timestamp: int
    nonce: str
    signature: str


@bp.post("/sessions/mini-program")
@public
@bp.input(MiniProgramCodeIn, location="json")
@bp.output(SessionOut, 201)
@bp.doc(responses=problems(400, 401, 403, 404, 422, 429, 502, 503))
def sign_in_mini_program(json_data: MiniProgramCodeIn) -> ResponseReturnValue:
    """Open a session for the mini program's user."""
    opened = services().sign_in.mini_program(json_data.code, address=client_address())
    return {"token": opened.token, "expires_at": opened.session.expires_at}


@bp.get("/wechat/page-signature")
@public
@bp.input(PageIn, location="query")
@bp.output(PageSignatureOut)
@bp.doc(responses=problems(400, 404, 422, 429, 502, 503))
def page_signature(query_data: PageIn) -> ResponseReturnValue:
    """Return the JS-SDK signature for one of our own pages."""
    found = services().sign_in.page_signature(query_data.url, address=client_address())
    return PageSignatureOut.model_validate(found).model_dump()
