"""What the services need from the outside, where the real thing cannot be a database.

The adapters do not import this module: they match it by shape, and the type checker
proves it where ``backend.app`` wires them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from backend.domain.report import Background

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from backend.domain.codes import CollectionCode
    from backend.domain.measurements import Measurements
    from backend.domain.photo import FileFacts
    from backend.domain.policy import Policy
    from backend.domain.report import Box, Report
    from backend.domain.wechat import (
        Account,
        OutgoingMessage,
        PageSignature,
        Push,
        SendOutcome,
        WeChatUser,
    )


class Portrayal(Protocol):
    """A finished portrait of a photo, and the report that goes with it."""

    @property
    def report(self) -> Report:
        """Every finding, the crop and the facts of this portrait."""

    @property
    def portrait(self) -> bytes:
        """A 480×640 JPEG."""


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

    @property
    def likeness(self) -> str | None:
        """256 bits in hexadecimal that copies of a picture share; none without portrait."""

    @property
    def own_background(self) -> Portrayal | None:
        """The photo as it would be without, where the background was replaced."""


class PhotoInspector(Protocol):
    """Judges one upload and makes the portrait; measures frames of a camera."""

    def inspect(
        self,
        data: bytes,
        *,
        filename: str | None,
        policy: Policy,
        today: date | None = None,
        background: Background = Background.KEEP,
    ) -> Inspection:
        """Look at one upload; its age is counted to ``today``, and left open without.

        With the standard background the report says by the rule ``background_change``
        how well it could be replaced, and by its ``background`` whether it was.
        Replacing takes a core for a second; it is done one at a time on a machine.

        Raises:
            PhotoUnreadableError: the bytes are not a picture that can be opened.
            UnavailableError: ``background_busy`` with ``retry_after`` seconds - others
                are having theirs replaced.
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

    def has(self, key: str) -> bool:
        """Tell whether there is a file, without reading it."""

    def delete(self, key: str) -> None:
        """Remove the file if it is there."""

    def delete_older(self, key: str, before: datetime) -> bool:
        """Remove the file unless it was put since an instant; tell whether it is gone."""

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


class WeChatGateway(Protocol):
    """Talks with WeChat for the accounts the school has.

    Whatever cannot be done raises one of:

    * UpstreamError: ``wechat_unreachable`` - no answer in time, or none that makes sense.
    * UnavailableError: ``wechat_busy`` with ``retry_after`` seconds - a limit is reached;
      ``wechat_misconfigured`` - WeChat refuses our credentials or our address.
    * NotFoundError: ``wechat_not_configured`` - there is no such account.
    """

    def has(self, account: Account) -> bool:
        """Tell whether the school has this account."""

    def check(self, account: Account) -> None:
        """Ask WeChat for a token of the account, or use the one there is."""

    def sign_in_mini_program(self, code: str) -> WeChatUser:
        """Return whose one-use ``wx.login`` code it is.

        Raises:
            NotAuthenticatedError: ``wechat_code_invalid`` - used, expired, or invented.
            PermissionDeniedError: ``wechat_user_blocked``.
        """

    def authorize_url(self, *, return_url: str, state: str) -> str:
        """Return where the service account's silent sign-in begins."""

    def sign_in_service_account(self, code: str) -> WeChatUser:
        """Return whose one-use OAuth code it is.

        Raises:
            NotAuthenticatedError: ``wechat_code_invalid``.
            PermissionDeniedError: ``wechat_snapshot_user`` - a preview without a person;
                ``wechat_user_blocked``.
        """

    def page_signature(self, url: str) -> PageSignature:
        """Return the JS-SDK signature for a page of ours, without its fragment."""

    def mini_program_code(self, *, scene: str, page: str, width: int) -> bytes:
        """Return a mini-program code as a picture, ``width`` px wide (280 to 1280).

        Raises:
            InvalidInputError: ``wechat_page_unknown`` - the page is not published;
                ``wechat_scene_invalid``.
        """

    def send_message(self, message: OutgoingMessage) -> SendOutcome:
        """Send one subscribe message."""

    def request_picture_check(self, *, openid: str, url: str) -> str:
        """Ask for a content check of the picture at an address; return its trace id.

        Raises:
            RefusedError: ``wechat_user_inactive`` - only a mini-program user of the
                last two hours can be asked for.
        """

    def greeting(self, account: Account, query: Mapping[str, str]) -> str:
        """Return what answers WeChat's check of the push address.

        Raises:
            PermissionDeniedError: ``push_signature_invalid``.
        """

    def open_push(
        self, account: Account, query: Mapping[str, str], body: bytes
    ) -> Push:
        """Return the event in a pushed body, plain or encrypted, XML or JSON.

        Raises:
            PermissionDeniedError: ``push_signature_invalid`` - not from WeChat, not for
                us, or too old.
            InvalidInputError: ``malformed_request`` - proven, and not understood.
        """


class Job(StrEnum):
    """Work that is done after a commit, beside the request; each finds its own rows."""

    MESSAGES = "messages"
    REMINDERS = "reminders"
    PUSHES = "pushes"
    PICTURE_CHECKS = "picture_checks"
    BATCHES = "batches"
    ROSTER_IMPORTS = "roster_imports"
    DOOMED_FILES = "doomed_files"
    PURGE = "purge"


class Jobs(Protocol):
    """Gets jobs done soon."""

    def wake(self, job: Job) -> None:
        """Ask for a job after the commit of what it shall find.

        Never raises and never waits for long: the rows stay, and a later call or the
        clock finds them.
        """
