"""The web application around other services each time, its routes bound only once."""

from __future__ import annotations

import copy
import functools

from apiflask import APIFlask

from backend.web.context import WebContext, keep_context
from backend.web.factory import make_web_app


def web_app(context: WebContext) -> APIFlask:
    """Return an application of its own.

    It shares its routes with the others of this process: compiling them takes longer
    than most tests.
    """
    bound = _bound(context.max_upload_bytes)
    app = copy.copy(bound)
    app.config = copy.copy(bound.config)
    app.extensions = dict(bound.extensions)
    keep_context(app.extensions, context)
    return app


@functools.cache
def _bound(max_upload_bytes: int) -> APIFlask:
    """Return an application that is only copied; of its context one figure matters."""
    nothing = WebContext(
        services=None,  # type: ignore[arg-type] # every copy has its own
        public_url="",
        secure_cookies=False,
        max_upload_bytes=max_upload_bytes,
        max_batch_bytes=0,
    )
    return make_web_app(nothing, proxies=0)
