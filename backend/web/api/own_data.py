"""What a student may see, take along and delete of their own."""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import Any, Final

from flask.typing import ResponseReturnValue

from backend.domain.outbox import MessageState
from backend.domain.wechat import MessageKind
from backend.services.own_data import OwnData, OwnPicture
from backend.services.types import MediaKind, SessionInfo
from backend.web.api.blueprint import bp, problems
from backend.web.api.schemas import BindingOut, SubmissionOut, _Out
from backend.web.archives import zip_response
from backend.web.auth import student_required
from backend.web.context import services

_SIGNED_IN: Final[list[str | dict[str, list[Any]]]] = [{"bearer": []}, {"cookie": []}]
_ZIP: Final[dict[int | str, Any]] = {
    200: {
        "description": "The pictures, and the data as JSON",
        "content": {
            "application/zip": {"schema": {"type": "string", "format": "binary"}}
        },
    }
}
#: The same for everybody: a name on a phone's screen is seen by others.
ARCHIVE_NAME: Final = "my-data.zip"


class OwnConsentOut(_Out):
    """One consent."""

    campaign_name: str
    purpose: str
    notice_version: str
    channel: str
    given_at: datetime
    withdrawn_at: datetime | None


class OwnIdentityOut(_Out):
    """What the roster says; numbers are masked."""

    name: str
    id_number_masked: str
    student_no_masked: str
    exam_no_masked: str
    level: str
    major: str
    graduating_year: int
    class_no: str
    station_name: str


class OwnLookOut(_Out):
    """What staff looked at, by role."""

    action: str
    role: str
    times: int
    last_at: datetime


class OwnMessageOut(_Out):
    """One message by WeChat."""

    kind: MessageKind
    state: MessageState
    created_at: datetime
    settled_at: datetime | None


class OwnPhotoOut(_Out):
    """One photo, and which pictures of it are still kept."""

    submission: SubmissionOut
    pictures: list[MediaKind]


class OwnRecordOut(_Out):
    """One binding with everything kept with it."""

    binding: BindingOut
    campaign_name: str
    retention_promise: str
    identity: OwnIdentityOut | None
    has_card: bool
    photos: list[OwnPhotoOut]
    looks: list[OwnLookOut]
    settled: bool
    kept_until: datetime


class ReceiptOut(_Out):
    """The proof of a deletion."""

    number: str
    erased_at: datetime
    photos: int
    files: int
    digest: str


class OwnDataOut(_Out):
    """Everything we hold of the caller."""

    at: datetime
    consents: list[OwnConsentOut]
    records: list[OwnRecordOut]
    messages: list[OwnMessageOut]
    receipts: list[ReceiptOut]

    @classmethod
    def of(cls, data: OwnData) -> OwnDataOut:
        """Return the data as it is sent."""
        return cls(
            at=data.at,
            consents=[OwnConsentOut.model_validate(item) for item in data.consents],
            records=[
                OwnRecordOut(
                    binding=BindingOut.model_validate(record.binding),
                    campaign_name=record.campaign_name,
                    retention_promise=record.promise,
                    identity=OwnIdentityOut.model_validate(record.identity)
                    if record.identity
                    else None,
                    has_card=record.has_card,
                    photos=[
                        OwnPhotoOut(
                            submission=SubmissionOut.of(photo.view),
                            pictures=list(photo.pictures),
                        )
                        for photo in record.photos
                    ],
                    looks=[OwnLookOut.model_validate(item) for item in record.looks],
                    settled=record.settled,
                    kept_until=record.kept_until,
                )
                for record in data.records
            ],
            messages=[OwnMessageOut.model_validate(item) for item in data.messages],
            receipts=[ReceiptOut.model_validate(item) for item in data.receipts],
        )


@bp.get("/me/data")
@student_required
@bp.output(OwnDataOut)
@bp.doc(security=_SIGNED_IN, responses=problems(401))
def own_data(session: SessionInfo) -> ResponseReturnValue:
    """Return everything we hold of the caller; identity data is masked."""
    return OwnDataOut.of(services().own_data.collect(session.principal)).sent()


@bp.get("/me/data.zip")
@student_required
@bp.doc(security=_SIGNED_IN, responses={**_ZIP, **problems(401)})
def own_pictures(session: SessionInfo) -> ResponseReturnValue:
    """Return the caller's pictures and data as one ZIP."""
    return own_archive(session)


@bp.delete("/bindings/<binding_id>")
@student_required
@bp.output(ReceiptOut)
@bp.doc(security=_SIGNED_IN, responses=problems(401, 404, 409))
def erase(session: SessionInfo, binding_id: str) -> ResponseReturnValue:
    """Delete a binding with its photos for good; the receipt is the proof."""
    receipt = services().erasure.erase(session.principal, binding_id)
    return ReceiptOut.model_validate(receipt).sent()


@bp.get("/me/erasures/<receipt>")
@student_required
@bp.output(ReceiptOut)
@bp.doc(security=_SIGNED_IN, responses=problems(401, 404))
def get_receipt(session: SessionInfo, receipt: str) -> ResponseReturnValue:
    """Return the proof of a deletion again."""
    found = services().erasure.receipt(session.principal, receipt)
    return ReceiptOut.model_validate(found).sent()


def own_archive(session: SessionInfo) -> ResponseReturnValue:
    """Return the ZIP that the API and the page hand out."""
    service = services().own_data
    data = OwnDataOut.of(service.collect(session.principal))
    described = OwnPicture("data.json", data.model_dump_json(indent=2).encode())
    return zip_response(
        chain([described], service.pictures(session.principal)), name=ARCHIVE_NAME
    )
