"""From an error to an answer: problem+json for programs, a page for people.

The status of a domain error is on its class; this module adds the words. Nothing else
in the service turns exceptions into responses.
"""

from __future__ import annotations

from typing import Any

import structlog
from apiflask.exceptions import HTTPError
from flask import Flask, Response, g, json, render_template, request
from werkzeug.exceptions import HTTPException

from backend.domain.errors import DomainError, Violation
from backend.messages.errors import ErrorText, error_text, violation_text
from backend.web.context import is_api_request

log = structlog.get_logger(__name__)

#: What werkzeug's own refusals are called for programs.
HTTP_CODES = {
    400: "malformed_request",
    401: "not_signed_in",
    403: "role_not_allowed",
    404: "page_not_found",
    405: "method_not_allowed",
    413: "upload_too_large",
    415: "unsupported_media_type",
    422: "invalid_input",
}


def register_errors(app: Flask) -> None:
    """Install the three handlers."""
    app.register_error_handler(DomainError, handle_domain_error)
    app.register_error_handler(HTTPException, handle_http_error)
    app.register_error_handler(Exception, handle_unexpected)


def handle_domain_error(error: DomainError) -> Response:
    """Answer with the sentence that belongs to the code."""
    log.info("refused", code=error.code, status=error.status)
    response = answer(error.status, error.code, error.data, error.violations)
    if "retry_after" in error.data:
        response.headers["Retry-After"] = str(error.data["retry_after"])
    return response


def handle_http_error(error: HTTPException) -> Response:
    """Answer for what the framework refused: unknown path, too large, wrong method."""
    status = error.code or 500
    if status < 400:  # noqa: PLR2004 - redirects travel as exceptions too
        return Response(status=status, headers=dict(error.get_response().headers))
    return answer(status, HTTP_CODES.get(status, "internal_error"), {}, ())


def handle_api_error(error: HTTPError) -> Response:
    """Answer for a request body that does not fit its schema, all fields at once."""
    found: list[Violation] = []
    for location in (error.detail or {}).values():
        fields = location if isinstance(location, dict) else {"body": location}
        found += [Violation(str(name), "invalid_field") for name in fields]
    code = HTTP_CODES.get(error.status_code, "internal_error")
    return answer(error.status_code, code, {}, tuple(found))


def handle_unexpected(error: Exception) -> Response:
    """Log what nobody foresaw by its kind and place only: its text may be personal."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    log.error("unexpected", kind=type(error).__name__, place=place)
    return answer(500, "internal_error", {}, ())


def answer(
    status: int,
    code: str,
    data: dict[str, Any],
    violations: tuple[Violation, ...],
) -> Response:
    """Return the error as problem+json or as a page."""
    text = error_text(code, data)
    if is_api_request():
        return _problem(status, code, text, data, violations)
    console = request.path.startswith("/admin")
    page = render_template(
        "admin/error.html" if console else "error.html",
        status=status,
        code=code,
        text=text,
        data=data,
        violations=[violation_text(v) for v in violations],
        request_id=g.get("request_id", ""),
    )
    return Response(page, status=status, mimetype="text/html")


def _problem(
    status: int,
    code: str,
    text: ErrorText,
    data: dict[str, Any],
    violations: tuple[Violation, ...],
) -> Response:
    body = {
        "type": "about:blank",
        "title": text.title,
        "status": status,
        "code": code,
        "detail": text.todo,
        "request_id": g.get("request_id", ""),
        "violations": [
            {"field": v.field, "code": v.code, "message": violation_text(v)}
            for v in violations
        ],
        **({"data": data} if data else {}),
    }
    return Response(
        json.dumps(body, ensure_ascii=False),
        status=status,
        mimetype="application/problem+json",
    )
