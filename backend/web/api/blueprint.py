"""The blueprint of the API, and what its OpenAPI document says throughout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from apiflask import APIBlueprint, APIFlask
from flask.blueprints import BlueprintSetupState

from backend.web.api.schemas import CodeTextIn, ConfirmIn, Problem
from backend.web.uploads import SHEET_ENDPOINTS, limit_forms

bp: Final = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="student")

_PROBLEM_REF: Final = {"$ref": "#/components/schemas/Problem"}
_BINARY: Final = {"type": "string", "format": "binary"}
_IDEMPOTENCY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same request gives the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 100},
}
_REASONS: Final[Mapping[int, str]] = {
    400: "The request cannot be understood",
    401: "No session, or an expired one",
    403: "Consent or CSRF token missing",
    404: "No such record, or not yours",
    409: "Another action came first",
    410: "The entry was replaced or the campaign is closed",
    413: "More bytes than are accepted",
    422: "Refused by a rule, or a picture that cannot be read",
    429: "Too many attempts; see Retry-After",
    502: "WeChat gave no usable answer",
    503: "Busy; see Retry-After",
}


def problems(*statuses: int) -> dict[int | str, Any]:
    """Return the documented refusals of an operation."""
    return {
        status: {
            "description": _REASONS[status],
            "content": {"application/problem+json": {"schema": _PROBLEM_REF}},
        }
        for status in statuses
    }


@bp.before_request
def _limit_forms() -> None:
    limit_forms(
        "api.admin.read_code_on_site",
        "api.admin.receive_returned_list",
        "api.admin.submit_on_site",
        "api.read_code",
        "api.submit_photo",
        *SHEET_ENDPOINTS,
        frames={
            "api.admin.guide_on_site",
            "api.guide_camera",
        },
    )


@bp.record_once
def _configure(state: BlueprintSetupState) -> None:
    """Set what APIFlask only takes for the whole application."""
    app = state.app
    assert isinstance(app, APIFlask)  # noqa: S101 - the factory makes no other kind
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_OPERATION_ID=True,
        AUTO_SERVERS=False,
        VALIDATION_ERROR_STATUS_CODE=400,
        SECURITY_SCHEMES={
            "bearer": {"type": "http", "scheme": "bearer"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": "bizhao_session"},
        },
    )
    app.spec_processor(finish_spec)


def finish_spec(spec: dict[str, Any] | str) -> dict[str, Any] | str:
    """Add to the document what the decorators cannot say."""
    assert isinstance(spec, dict)  # noqa: S101 - the document is JSON, not YAML
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    template = "#/components/schemas/{model}"
    for model in (Problem, CodeTextIn, ConfirmIn):
        schema = model.model_json_schema(ref_template=template)
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            creates = not path.endswith(("/guidance", "/background"))
            if method == "post" and creates and operation.get("security"):
                operation["parameters"].append(_IDEMPOTENCY)
            _name_kinds(operation)
        if path.endswith("/code-readings"):
            operations["post"]["requestBody"] = _picture_or_text()
        if path.endswith(("/confirmation", "/review-request")):
            operations["post"]["requestBody"] = _MAY_AGREE
    return spec


#: A portrait whose background was never touched is handed in without a body.
_MAY_AGREE: Final[dict[str, Any]] = {
    "required": False,
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/ConfirmIn"}}
    },
}


def _name_kinds(operation: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        if parameter["name"] == "kind":
            kinds = ["portrait", "overlay", "original", "other-portrait"]
            parameter["schema"] = {"type": "string", "enum": kinds}


def _picture_or_text() -> dict[str, Any]:
    picture = {
        "type": "object",
        "properties": {"picture": _BINARY},
        "required": ["picture"],
    }
    text = {"$ref": "#/components/schemas/CodeTextIn"}
    return {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": picture},
            "application/json": {"schema": text},
        },
    }
