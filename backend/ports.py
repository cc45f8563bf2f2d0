"""What the services need from the outside, where the real thing cannot be a database.

The adapters do not import this module: they match it by shape, and the type checker
proves it where ``backend.app`` wires them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from backend.domain.codes import CollectionCode
    from backend.domain.measurements import Measurements
    from backend.domain.photo import FileFacts
    from backend.domain.policy import Policy
    from backend.domain.report import Box, Report


class Inspection(Protocol):
    """What looking at one upload yields: facts and encoded files, never pixels."""

    @property
    def file(self) -> FileFacts:
        """Facts of the upload as it arrived."""

    @property
    def report(self) -> Report:
        """Every finding, the crop and the facts of the finished portrait."""

    @property
    def portrait(self) -> bytes | None:
        """The finished 480×640 JPEG; none when no lawful crop exists."""

    @property
    def overlay(self) -> bytes | None:
        """A JPEG of the upload with bands, lines and regions drawn on it."""


class PhotoInspector(Protocol):
    """Judges one upload and makes the portrait; measures frames of a camera."""

    def inspect(
        self,
        data: bytes,
        *,
        filename: str | None,
        policy: Policy,
        today: date | None = None,
    ) -> Inspection:
        """Look at one upload; its age is counted to ``today``, and left open without.

        Raises:
            PhotoUnreadableError: the bytes are not a picture that can be opened.
        """

    def close_up(self, data: bytes, box: Box, *, large: bool = False) -> bytes:
        """Return a region of an upload as JPEG, about 360 px wide, large about 1080.

        Raises:
            PhotoUnreadableError: the bytes are not a picture that can be opened.
        """

    def glance(self, data: bytes, *, picture: tuple[int, int]) -> Measurements:
        """Measure one frame on the scale of the picture its camera would take.

        Raises:
            PhotoUnreadableError: the bytes are no frame of such a camera.
        """

    def warm_up(self) -> None:
        """Load the face model now; raises UnavailableError when it cannot be."""


class CodeReader(Protocol):
    """Reads the collection code in a picture."""

    def read(self, data: bytes) -> CollectionCode:
        """Return the one collection code in the picture.

        Raises:
            PhotoUnreadableError: the bytes are not a picture.
            CodeUnreadableError: no code, several, or another kind of code.
        """


class StoredFile(Protocol):
    """One file of a photo store."""

    @property
    def key(self) -> str:
        """The digest it is kept under."""

    @property
    def modified_at(self) -> datetime:
        """When it was last put, aware."""


class PhotoStore(Protocol):
    """Keeps files under the digest of their content."""

    def put(self, data: bytes) -> str:
        """Keep the bytes and return their key; on disk for good when it returns."""

    def get(self, key: str) -> bytes:
        """Return the bytes; raises NotFoundError when there are none."""

    def delete(self, key: str) -> None:
        """Remove the file if it is there."""

    def files(self) -> Iterator[StoredFile]:
        """Yield every file kept, in no particular order."""

    def remove_half_written(self, before: datetime) -> int:
        """Remove what a crash left of files begun before an instant; return how many."""

    def check(self) -> None:
        """Raise UnavailableError when nothing can be written."""


class Clock(Protocol):
    """Tells the time, so that tests can."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
