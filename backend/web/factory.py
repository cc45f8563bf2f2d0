"""Puts the web application together: blueprints, errors, hooks."""

from __future__ import annotations

from typing import Final

from apiflask import APIFlask
from flask import Blueprint
from flask_bootstrap import Bootstrap5
from werkzeug.middleware.proxy_fix import ProxyFix

from backend.messages.backgrounds import BACKGROUNDS, PLAINER_WALL, STANDARD_COLOUR
from backend.web.admin import bp as admin_pages
from backend.web.api import bp as api
from backend.web.auth import csrf_token
from backend.web.backgrounds import backdrop_of
from backend.web.context import WebContext, keep_context
from backend.web.errors import handle_api_error, register_errors
from backend.web.health import bp as health
from backend.web.hooks import register_hooks
from backend.web.student import bp as student_pages
from backend.web.wechat import bp as wechat

#: Room for the other fields of a form around one photo.
_FORM_BYTES: Final = 256 * 1024


def make_web_app(context: WebContext, *, proxies: int) -> APIFlask:
    """Return the Flask application around the services."""
    app = APIFlask(
        "backend.web",
        title="毕照 API",
        version="1",
        spec_path="/api/v1/openapi.json",
        docs_path=None,
        json_errors=False,
    )
    app.config.update(
        MAX_CONTENT_LENGTH=context.max_upload_bytes + _FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=_FORM_BYTES,
        BOOTSTRAP_SERVE_LOCAL=True,
        AUTO_404_RESPONSE=False,
        SYNC_LOCAL_SPEC=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined] # of the default provider
    keep_context(app.extensions, context)
    app.error_processor(handle_api_error)
    register_errors(app)
    register_hooks(app)
    Bootstrap5(app)
    app.jinja_env.globals.update(
        csrf_token=csrf_token,
        backdrop_of=backdrop_of,
        behind=BACKGROUNDS.__getitem__,
        plainer_wall=PLAINER_WALL,
        standard_colour=STANDARD_COLOUR,
    )
    blueprints: tuple[Blueprint, ...] = (
        student_pages,
        wechat,
        admin_pages,
        api,
        health,
    )
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign] # Flask's documented way
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )
    return app
