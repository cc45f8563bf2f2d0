"""Handing out pictures of people: never cached by others, never sniffed."""

from __future__ import annotations

import hashlib

from flask import Response, request

from backend.services.delivery_types import Package
from backend.services.types import Media, StreamedFile

#: Kept by nobody but the browser that asked, which asks again each time.
_CACHE = "private, no-cache, max-age=0"


def media_response(media: Media) -> Response:
    """Return a file with an ETag of its content; unchanged content is not sent again."""
    response = Response(media.data, mimetype=media.content_type)
    response.set_etag(hashlib.sha256(media.data).hexdigest())
    response.headers["Cache-Control"] = _CACHE
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers.set("Content-Disposition", "inline", filename=media.filename)
    response.make_conditional(request)
    return response


def stream_response(file: StreamedFile) -> Response:
    """Return a file to keep, sent while it is made; nobody caches it."""
    response = Response(file.chunks, mimetype=file.content_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.set("Content-Disposition", "attachment", filename=file.filename)
    return response


def package_response(package: Package) -> Response:
    """Send a ZIP as it is made; a size told beforehand shows when the end is missing."""
    response = Response(package.chunks, mimetype="application/zip")
    if package.size_bytes is not None:
        response.content_length = package.size_bytes
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.set("Content-Disposition", "attachment", filename=package.filename)
    return response
