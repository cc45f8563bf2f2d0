"""The endpoints, each in the shape WeChat is known to answer."""

from __future__ import annotations

import io
import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, Response, redirect, request
from PIL import Image, ImageDraw
from werkzeug.wrappers import Response as BaseResponse

from backend.domain.wechat import Account
from tests.wechat.standin import faults
from tests.wechat.standin.accounts import MINI_PROGRAM, SERVICE_ACCOUNT
from tests.wechat.standin.faults import Faults
from tests.wechat.standin.fields import is_within_limits
from tests.wechat.standin.memory import (
    ERRMSG,
    AskedCheck,
    Call,
    Memory,
    Refused,
    SentMessage,
)
from tests.wechat.standin.page import show_page

_SCENE: Final = re.compile(r"[0-9a-zA-Z!#$&'()*+,/:;=?@\-._~]{1,32}")
_STATE: Final = re.compile(r"[a-zA-Z0-9]{0,128}")
_AUTHORIZE_ORDER: Final = ["appid", "redirect_uri", "response_type", "scope", "state"]
_TYPES: Final = {"/sns/": "text/plain"}
_JSON: Final = "application/json; encoding=utf-8"

Answer = Mapping[str, Any] | BaseResponse
View = Callable[[Memory], Answer]


def make_app(memory: Memory, failing: Faults) -> Flask:
    """Return the application that answers for both of WeChat's hosts."""
    app = Flask(__name__)
    app.before_request(lambda: _note(memory))
    for method, path, view in _VIEWS:
        app.add_url_rule(
            path,
            endpoint=f"{method} {path}",
            view_func=_answering(view, memory, failing),
            methods=[method],
        )
    return app


def _note(memory: Memory) -> None:
    text = request.get_data()
    try:
        body = json.loads(text) if text else None
    except ValueError:
        body = text
    call = Call(
        path=request.path,
        method=request.method,
        query=request.args.to_dict(),
        body=body,
        headers=dict(request.headers),
    )
    with memory.lock:
        memory.calls.append(call)


def _answering(
    view: View, memory: Memory, failing: Faults
) -> Callable[[], BaseResponse]:
    def right() -> BaseResponse:
        try:
            with memory.lock:
                answer = view(memory)
        except Refused as refused:
            return _refusal(refused)
        return answer if isinstance(answer, BaseResponse) else _json(answer)

    def lost() -> BaseResponse:
        right()
        return faults.hang_up()

    def late() -> BaseResponse:
        failing.wait(faults.DELAY_SECONDS)
        return right()

    def never() -> BaseResponse:
        failing.wait()
        return faults.hang_up()

    wrong: Mapping[Any, Callable[[], BaseResponse]] = {
        "hang": never,
        "slow": late,
        "drip": lambda: Response(failing.drip(right().get_data())),
        "garbage": faults.garbage,
        "http500": faults.http500,
        "close": faults.hang_up,
        "lost": lost,
        "contradiction": lambda: _json({"errmsg": "ok"}),
    }

    def answer() -> BaseResponse:
        fault = failing.take(request.path)
        if fault is None:
            return right()
        if isinstance(fault, int):
            return _refusal(Refused(fault))
        return wrong[fault]()

    return answer


def _json(body: Mapping[str, Any]) -> Response:
    kind = next((t for p, t in _TYPES.items() if request.path.startswith(p)), _JSON)
    return Response(json.dumps(body, ensure_ascii=False), content_type=kind)


def _refusal(refused: Refused) -> Response:
    rid = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    # With the code at the end, as WeChat's words vary and must not be relied upon.
    errmsg = f"{refused.errmsg or ERRMSG.get(refused.errcode)}, rid: {rid}"
    return _json({"errcode": refused.errcode, "errmsg": errmsg})


def _sent_json() -> dict[str, Any]:
    if not request.get_data():
        raise Refused(44002)
    try:
        body = json.loads(request.get_data())
    except ValueError:
        raise Refused(47001) from None
    if not isinstance(body, dict):
        raise Refused(47001)
    return body


def _sign_in(memory: Memory, account: Account, code: str | None) -> dict[str, Any]:
    given = memory.account(request.args.get("appid"), request.args.get("secret"))
    if given.kind is not account:
        raise Refused(40029)
    if request.args.get("grant_type") != "authorization_code":
        raise Refused(40002)
    used = memory.use_code(account, code)
    answer: dict[str, Any] = {"openid": used.openid}
    if used.snapshot:
        answer["is_snapshotuser"] = 1
    return answer


def code_to_session(memory: Memory) -> Answer:
    answer = _sign_in(memory, Account.MINI_PROGRAM, request.args.get("js_code"))
    answer["session_key"] = secrets.token_urlsafe(18)
    if unionid := memory.unionids.get(answer["openid"]):
        answer["unionid"] = unionid
    return answer


def oauth_token(memory: Memory) -> Answer:
    answer = _sign_in(memory, Account.SERVICE_ACCOUNT, request.args.get("code"))
    return {
        "access_token": f"91_{secrets.token_urlsafe(60)}",
        "expires_in": 7200,
        "refresh_token": f"91_{secrets.token_urlsafe(60)}",
        "scope": "snsapi_base",
        **answer,
    }


def authorize(memory: Memory) -> Answer:
    if "MicroMessenger" not in request.headers.get("User-Agent", ""):
        return Response("请在微信客户端打开链接", mimetype="text/html")
    names = re.findall(r"([a-z_]+)=", request.query_string.decode())
    target = urlsplit(request.args.get("redirect_uri", ""))
    state = request.args.get("state", "")
    if (
        names != _AUTHORIZE_ORDER
        or request.args["appid"] != SERVICE_ACCOUNT.app_id
        or request.args["response_type"] != "code"
        or request.args["scope"] != "snsapi_base"
        or not _STATE.fullmatch(state)
    ):
        return Response("Oops! Something went wrong:(", mimetype="text/html")
    if target.scheme not in {"http", "https"} or not target.netloc:
        return Response(
            "redirect_uri域名与后台配置不一致，错误码:10003", mimetype="text/html"
        )
    openid, snapshot = memory.oauth_user or ("o" + "StandInServiceUser000000001", False)
    code = memory.issue_code(Account.SERVICE_ACCOUNT, openid, snapshot=snapshot)
    query = [*parse_qsl(target.query), ("code", code), ("state", state)]
    return redirect(target._replace(query=urlencode(query)).geturl())


def stable_token(memory: Memory) -> Answer:
    body = _sent_json()
    account = memory.account(body.get("appid"), body.get("secret"))
    if body.get("grant_type") != "client_credential":
        raise Refused(40002)
    token = memory.stable_token(
        account.kind, force=body.get("force_refresh", False) is True
    )
    left = int((token.expires_at - memory.clock.now()).total_seconds())
    return {"access_token": token.value, "expires_in": left}


def ticket(memory: Memory) -> Answer:
    memory.check_token(Account.SERVICE_ACCOUNT, request.args.get("access_token"))
    if request.args.get("type") != "jsapi":
        raise Refused(40097)
    found = memory.ticket(Account.SERVICE_ACCOUNT)
    left = int((found.expires_at - memory.clock.now()).total_seconds())
    return {"errcode": 0, "errmsg": "ok", "ticket": found.value, "expires_in": left}


def mini_program_code(memory: Memory) -> Answer:
    memory.check_token(Account.MINI_PROGRAM, request.args.get("access_token"))
    body = _sent_json()
    if not _SCENE.fullmatch(str(body.get("scene", ""))):
        raise Refused(40169)
    if body.get("check_path", True) and body.get("page") not in memory.pages:
        raise Refused(41030)
    width = body.get("width", 430)
    if not isinstance(width, int) or not 280 <= width <= 1280:
        raise Refused(40097)
    return Response(_picture(width, body["scene"]), content_type="image/jpeg")


def _picture(width: int, scene: str) -> bytes:
    picture = Image.new("RGB", (width, width), "white")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((8, 8, width - 8, width - 8), outline="black", width=6)
    draw.text((width // 5, width // 2), scene, fill="black")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def send_from_mini_program(memory: Memory) -> Answer:
    memory.check_token(Account.MINI_PROGRAM, request.args.get("access_token"))
    body = _sent_json()
    page = body.get("page")
    if page is not None and str(page).partition("?")[0] not in memory.pages:
        raise Refused(41030)
    return _send(memory, Account.MINI_PROGRAM, body)


def send_from_service_account(memory: Memory) -> Answer:
    memory.check_token(Account.SERVICE_ACCOUNT, request.args.get("access_token"))
    return _send(memory, Account.SERVICE_ACCOUNT, _sent_json())


def _send(memory: Memory, kind: Account, body: dict[str, Any]) -> Answer:
    account = MINI_PROGRAM if kind is Account.MINI_PROGRAM else SERVICE_ACCOUNT
    openid, template_id = body.get("touser"), body.get("template_id")
    template = next(
        (t for t in account.templates.values() if t.id == template_id), None
    )
    if memory.people.get(str(openid)) is not kind:
        raise Refused(40003)
    if template is None:
        raise Refused(40037)
    data = body.get("data", {})
    fields = {name: data.get(name, {}).get("value") for name in template.fields}
    for name, value in fields.items():
        if not is_within_limits(name, value):
            # WeChat's own spelling.
            raise Refused(47003, f"argument invalid! data.{name}.value is emtpy")
    if memory.quota(str(openid), template.id) < 1:
        raise Refused(43101)
    memory.accepted[str(openid), template.id] -= 1
    memory.sent.append(
        SentMessage(
            account=kind,
            openid=str(openid),
            template_id=template.id,
            fields=fields,
            page=str(body.get("page", "")),
            at=memory.clock.now(),
        )
    )
    return {"errcode": 0, "errmsg": "ok"}


def check_picture(memory: Memory) -> Answer:
    memory.check_token(Account.MINI_PROGRAM, request.args.get("access_token"))
    body = _sent_json()
    openid = str(body.get("openid"))
    asked = [body.get(name) for name in ("version", "scene", "media_type")]
    if asked != [2, 1, 2] or urlsplit(str(body.get("media_url"))).netloc == "":
        raise Refused(40097)
    if memory.people.get(openid) is not Account.MINI_PROGRAM:
        raise Refused(40003)
    if not memory.was_active(openid):
        raise Refused(61010)
    trace_id = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    memory.picture_checks.append(AskedCheck(trace_id, body["media_url"], openid))
    return {"errcode": 0, "errmsg": "ok", "trace_id": trace_id}


def require_post(memory: Memory) -> Answer:
    raise Refused(43002)


_POSTED: Final[dict[str, View]] = {
    "/cgi-bin/stable_token": stable_token,
    "/wxa/getwxacodeunlimit": mini_program_code,
    "/cgi-bin/message/subscribe/send": send_from_mini_program,
    "/cgi-bin/message/subscribe/bizsend": send_from_service_account,
    "/wxa/media_check_async": check_picture,
}
_VIEWS: Final[list[tuple[str, str, View]]] = [
    ("GET", "/", show_page),
    ("GET", "/sns/jscode2session", code_to_session),
    ("GET", "/sns/oauth2/access_token", oauth_token),
    ("GET", "/connect/oauth2/authorize", authorize),
    ("GET", "/cgi-bin/ticket/getticket", ticket),
    *(("POST", path, view) for path, view in _POSTED.items()),
    *(("GET", path, require_post) for path in _POSTED),
]
