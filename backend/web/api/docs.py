"""A small page that lists the API's operations from its own document."""

from __future__ import annotations

from typing import Any, cast

from apiflask import APIFlask
from flask import current_app, render_template
from flask.typing import ResponseReturnValue

from backend.web.api.blueprint import bp
from backend.web.auth import public


@bp.get("/docs")
@public
@bp.doc(hide=True)
def docs() -> ResponseReturnValue:
    """Show every operation with its request body and answers."""
    spec = cast("dict[str, Any]", cast("APIFlask", current_app).spec)
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["api"])[0]
            groups.setdefault(tag, []).append(_row(path, method, operation))
    return render_template("student/docs.html", info=spec["info"], groups=groups)


def _row(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "body": ", ".join(operation.get("requestBody", {}).get("content", ())),
        "responses": list(operation["responses"]),
    }
