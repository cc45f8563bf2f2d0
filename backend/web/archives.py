"""Handing out several files as one ZIP that is never whole in memory."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from typing import Final

from flask import Response

from backend.services.own_data import OwnPicture

_CHUNK: Final = 256 * 1024


def zip_response(files: Iterable[OwnPicture], *, name: str) -> Response:
    """Return the files as an attachment; pictures do not get smaller by packing."""
    response = Response(_packed(files), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _packed(files: Iterable[OwnPicture]) -> Iterator[bytes]:
    # Gone from the disk when the answer is sent, or whoever asked has left.
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            for file in files:
                archive.writestr(file.name, file.data)
        packed.seek(0)
        while chunk := packed.read(_CHUNK):
            yield chunk
