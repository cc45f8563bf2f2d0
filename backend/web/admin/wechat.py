"""How the school stands with WeChat: its accounts, the scan rule, the domain's files."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import InvalidInputError
from backend.services.types import Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for, wrong_fields
from backend.web.admin.pages import field, show
from backend.web.auth import staff_required
from backend.web.context import services, web_context


@bp.get("/wechat")
@staff_required(Role.ADMIN)
def wechat(session: StaffSession) -> ResponseReturnValue:
    """Show the accounts, the rule for the posters, and the verification files."""
    return _page(session)


@bp.post("/wechat/files")
@staff_required(Role.ADMIN)
def put_verification_file(session: StaffSession) -> ResponseReturnValue:
    """Serve a verification file."""
    form = {"name": field("file_name", limit=60), "content": field("file_content")}
    try:
        services().verification.put(session.user, **form)
    except InvalidInputError as error:
        return _page(session, form, error)
    return redirect(url_for("admin.wechat", done="created"), 303)


@bp.post("/wechat/files/<name>/remove")
@staff_required(Role.ADMIN)
def remove_verification_file(session: StaffSession, name: str) -> ResponseReturnValue:
    """Serve a verification file no more."""
    services().verification.remove(session.user, name)
    return redirect(url_for("admin.wechat", done="retired"), 303)


def _page(
    session: StaffSession,
    form: dict[str, str] | None = None,
    error: InvalidInputError | None = None,
) -> ResponseReturnValue:
    wrong = wrong_fields(error)
    return show(
        "wechat.html",
        session,
        status=error.status if error else 200,
        section="admin.wechat",
        accounts=services().sign_in.accounts,
        rule=f"{web_context().public_url}/s/",
        files=services().verification.list(session.user),
        form=form or {"name": "", "content": ""},
        wrong=wrong,
        message=None if wrong else message_for(error),
    )
