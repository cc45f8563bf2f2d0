"""Handing out several files as one ZIP that is never whole in memory."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable

from flask import Response, send_file

from backend.services.own_data import OwnPicture


def zip_response(files: Iterable[OwnPicture], *, name: str) -> Response:
    """Return the files as an attachment; pictures do not get smaller by packing."""
    # Closed by the server when it is sent, and with that gone from the disk.
    packed = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the answer
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            archive.writestr(file.name, file.data)
    packed.seek(0)
    response = send_file(
        packed,
        mimetype="application/zip",
        as_attachment=True,
        download_name=name,
    )
    response.headers["Cache-Control"] = "no-store"
    return response
