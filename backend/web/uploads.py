"""Receiving files: how large, and which field holds one."""

from __future__ import annotations

from collections.abc import Collection
from typing import IO, Final

from flask import request

from backend.domain.errors import InvalidInputError, TooLargeError, Violation
from backend.sheets.read import MOST_BYTES
from backend.web.context import web_context

#: Forms without a file: a pasted code is the longest thing in them.
FORM_BYTES = 64 * 1024
#: One frame of an open camera: 480 px on the long side take 15 to 40 KB.
FRAME_BYTES = 200 * 1024
#: The endpoints that take a roster, which may be larger than any photo.
SHEET_ENDPOINTS: Final = frozenset({"admin.upload_roster", "api.admin.upload_roster"})


def allow_sheets() -> None:
    """Raise the size limit of the present request where a roster is uploaded."""
    if request.endpoint in SHEET_ENDPOINTS:
        request.max_content_length = FORM_BYTES + MOST_BYTES


def received_sheet(field: str) -> tuple[IO[bytes], str]:
    """Return the sheet sent and its name; raises InvalidInputError ``sheet_missing``."""
    storage = request.files.get(field)
    if storage is None or not storage.filename:
        missing = (Violation(field, "sheet_missing"),)
        raise InvalidInputError("sheet_missing", violations=missing)
    return storage.stream, storage.filename


def limit_forms(*upload_endpoints: str, frames: Collection[str] = ()) -> None:
    """Lower the size limit of the present request unless it may carry a photo.

    The endpoints of ``frames`` take one frame beside their form.

    The framework then refuses by Content-Length before it reads, and while it reads
    when the length is not told.
    """
    if request.endpoint in frames:
        request.max_content_length = FORM_BYTES + FRAME_BYTES
    elif request.endpoint not in upload_endpoints:
        request.max_content_length = FORM_BYTES


def received_file(*fields: str) -> tuple[bytes, str | None] | None:
    """Return the first file sent in one of the fields with its name, or none.

    Raises:
        TooLargeError: ``upload_too_large``.
    """
    for field in fields:
        storage = request.files.get(field)
        if storage is None:
            continue
        data = storage.stream.read(web_context().max_upload_bytes + 1)
        if len(data) > web_context().max_upload_bytes:
            raise TooLargeError("upload_too_large")
        if data:
            return data, storage.filename or None
    return None


def required_list() -> bytes:
    """Return the sheet sent; raises InvalidInputError ``returned_list_missing``."""
    found = received_file("file")
    if found is None:
        raise InvalidInputError("returned_list_missing")
    return found[0]


def required_file(*fields: str) -> tuple[bytes, str | None]:
    """Return the file sent; raises InvalidInputError ``photo_missing``."""
    found = received_file(*fields)
    if found is None:
        missing = (Violation(fields[0], "photo_missing"),)
        raise InvalidInputError("photo_missing", violations=missing)
    return found
