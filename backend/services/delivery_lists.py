"""The rows of a delivery's list, and the files they make."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from backend.crypto import Vault
from backend.db.deliveries import CandidateRow
from backend.domain.codes import parse_collection_code
from backend.domain.deliveries import CODES, PHOTOS, Person, Profile
from backend.domain.errors import CodeUnreadableError
from backend.messages.backgrounds import BACKGROUNDS
from backend.messages.deliveries import HEADINGS, VERDICTS, WIDTHS
from backend.services.submission_views import background_of
from backend.sheets.write import Cell, Column, csv_lines, write_xlsx

MANIFEST: Final = "SHA256SUMS"
XLSX: Final = "list.xlsx"
CSV: Final = "list.csv"
_ROW: Final = "delivery_row"
_FILE: Final = "delivery_file"
_LOCAL: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture in the store, looked at before it is promised to anybody."""

    key: str
    size_bytes: int
    suffix: str


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A portrait of a delivery: its files' names and the list's cells."""

    file_name: str = field(repr=False)
    card_name: str = field(repr=False)
    cells: tuple[Cell, ...] = field(repr=False)

    def seal(self, vault: Vault) -> bytes:
        """Return the row sealed."""
        content = [self.file_name, self.card_name, list(self.cells)]
        return vault.seal(json.dumps(content, ensure_ascii=False), purpose=_ROW)

    @classmethod
    def open(cls, sealed: bytes, vault: Vault) -> ListedRow:
        """Return a row that was sealed."""
        file_name, card_name, cells = json.loads(vault.open(sealed, purpose=_ROW))
        return cls(file_name, card_name, tuple(cells))


def person_of(row: CandidateRow, vault: Vault) -> Person:
    """Return whose portrait it is, as the roster and the card say today."""
    return Person(
        name=row.name,
        id_number=vault.open(row.id_number_sealed, purpose="id_number"),
        student_no=row.student_no,
        exam_no=row.exam_no,
        certificate_no=row.certificate_no,
        code=code_of(payload_of(row.code_sealed, vault)),
        station_code=row.station_code,
        station_name=row.station_name,
        class_no=row.class_no,
        level=row.level,
        major=row.major,
        study_form=row.study_form,
        graduating_year=row.graduating_year,
        fingerprint=row.fingerprint,
    )


def payload_of(sealed: bytes | None, vault: Vault) -> str:
    """Return what the QR of a card holds; empty where nobody brought one."""
    return vault.open(sealed, purpose="code") if sealed else ""


def code_of(payload: str) -> str:
    """Return the collection code in a payload, without the claims around it."""
    try:
        return parse_collection_code(payload).token
    except CodeUnreadableError:
        return ""


def listed_row(
    profile: Profile,
    position: int,
    name: str,
    person: Person,
    row: CandidateRow,
    photo: StoredPicture,
    card: StoredPicture | None,
) -> ListedRow:
    """Return a portrait's row; an outside unit's names nobody."""
    file_name = f"{PHOTOS}/{name}.{photo.suffix}"
    card_name = f"{CODES}/{name}.{card.suffix}" if card else ""
    made: tuple[Cell, ...] = (
        photo.key,
        photo.size_bytes,
        row.width,
        row.height,
        row.file.get("taken_on") or "",
        _minute(row.decided_at),
        VERDICTS.get(row.verdict, row.verdict),
        row.policy,
        BACKGROUNDS[background_of(row.background)],
    )
    if profile is Profile.COLLECTING_UNIT:
        cells = (position, file_name, card_name, person.code, *made)
    else:
        cells = (
            position,
            file_name,
            person.name,
            person.id_number,
            person.student_no,
            person.exam_no,
            person.code,
            person.certificate_no,
            person.level,
            person.major,
            person.study_form,
            person.graduating_year,
            person.class_no,
            person.station_code,
            person.station_name,
            person.fingerprint,
            *made,
        )
    return ListedRow(file_name, card_name, cells)


def list_files(
    profile: Profile,
    rows: Sequence[tuple[ListedRow, StoredPicture, StoredPicture | None]],
) -> dict[str, bytes]:
    """Return the list as both kinds of sheet, and the manifest of the whole package."""
    headings = HEADINGS[profile]
    book = io.BytesIO()
    write_xlsx(
        book,
        [Column(heading, WIDTHS.get(heading, 14)) for heading in headings],
        (row.cells for row, _, _ in rows),
        title="list",
    )
    files = {
        XLSX: book.getvalue(),
        CSV: b"".join(csv_lines(headings, (row.cells for row, _, _ in rows))),
    }
    sums = [
        (hashlib.sha256(content).hexdigest(), name) for name, content in files.items()
    ]
    for row, photo, card in rows:
        sums.append((photo.key, row.file_name))
        if card is not None:
            sums.append((card.key, row.card_name))
    return files | {MANIFEST: manifest(sums)}


def manifest(sums: Iterable[tuple[str, str]]) -> bytes:
    """Return the digests and names as ``sha256sum --check`` reads them."""
    return "".join(f"{digest}  {name}\n" for digest, name in sums).encode()


def read_manifest(content: bytes) -> list[tuple[str, str]]:
    """Return (digest, name) of every line."""
    lines = content.decode().splitlines()
    return [(line[:64], line[66:]) for line in lines]


def seal_file(content: bytes, vault: Vault) -> bytes:
    """Return the content of a list, packed and sealed."""
    packed = base64.b64encode(zlib.compress(content)).decode()
    return vault.seal(packed, purpose=_FILE)


def open_file(sealed: bytes, vault: Vault) -> bytes:
    """Return the content of a list that was sealed."""
    return zlib.decompress(base64.b64decode(vault.open(sealed, purpose=_FILE)))


def picture_suffix(data: bytes) -> str:
    """Return the suffix of a picture that was decoded when it came in."""
    if data.startswith(b"\x89PNG"):
        return "png"
    if data[8:12] == b"WEBP":
        return "webp"
    return "heic" if data[4:8] == b"ftyp" else "jpg"


def _minute(at: datetime | None) -> str:
    return at.astimezone(_LOCAL).strftime("%Y-%m-%d %H:%M") if at else ""
