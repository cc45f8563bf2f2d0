"""The files of a folder or a ZIP, one at a time, whoever packed it, and its list.

Nothing an archive says is believed: names are labels and never paths, sizes are bounded
by what is really read, links and encrypted members are refused.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from backend.domain.batch import read_list
from backend.domain.errors import InvalidInputError, TooLargeError
from backend.sheets.cells import Note, SheetRow

MOST_FILES: Final = 5_000
#: Photos do not shrink when they are packed; what grows much more is not photos.
_MOST_GROWTH: Final = 10
_FREE_GROWTH: Final = 10 * 1024 * 1024
#: A record of the directory of a ZIP takes 46 bytes and its names.
_MOST_DIRECTORY: Final = MOST_FILES * 600
#: The end record and its comment.
_END_RECORD, _LONGEST_END = 22, 22 + 65_535
_LONGEST_NAME: Final = 200
#: What computers leave in folders.
_LITTER: Final = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
_UTF8_FLAG: Final = 0x800
_ENCRYPTED_FLAG: Final = 0x1


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One file that may be a photo.

    Attributes:
        name: as it is called, without folders.
        read: returns the bytes, or none when they cannot be had: a link, a damaged or an
            oversized member.
    """

    name: str = field(repr=False)
    read: Callable[[], bytes | None] = field(repr=False)


def files_of_archive(file: IO[bytes], *, most_bytes: int) -> Iterator[BatchFile]:
    """Yield the files of a ZIP.

    Args:
        file: the archive; it must be able to seek.
        most_bytes: no file may be larger.

    Raises:
        InvalidInputError: ``archive_unreadable``, ``archive_encrypted``.
        TooLargeError: ``archive_too_many_files``, ``archive_grows``.
    """
    size = _check_directory(file)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise InvalidInputError("archive_unreadable") from None
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MOST_FILES:
        raise TooLargeError("archive_too_many_files")
    if any(member.flag_bits & _ENCRYPTED_FLAG for member in members):
        raise InvalidInputError("archive_encrypted")
    if sum(m.file_size for m in members) > size * _MOST_GROWTH + _FREE_GROWTH:
        raise TooLargeError("archive_grows")
    for member in members:
        name = _name_of(member)
        if not _is_litter(name):
            yield BatchFile(_base(name), _reader(archive, member, most_bytes))


def files_of_folder(folder: Path, *, most_bytes: int) -> Iterator[BatchFile]:
    """Yield the files of a folder and those below it, in the order of their names.

    Raises:
        InvalidInputError: ``archive_unreadable``: it is not a folder.
        TooLargeError: ``archive_too_many_files``.
    """
    if not folder.is_dir():
        raise InvalidInputError("archive_unreadable")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(paths) > MOST_FILES:
        raise TooLargeError("archive_too_many_files")
    for path in paths:
        if not _is_litter(path.relative_to(folder).as_posix()):
            yield BatchFile(path.name[:_LONGEST_NAME], _file_reader(path, most_bytes))


def names_of_list(rows: Iterable[SheetRow]) -> dict[str, str]:
    """Return file name → number from the rows of a list.

    Raises:
        InvalidInputError: ``batch_list_lost_digits`` with the ``row``: a spreadsheet has
            dropped the end of a long number; ``batch_list_empty``.
    """

    def cells() -> Iterator[tuple[str, ...]]:
        for row in rows:
            if Note.LOST_TAIL in row.notes.values():
                raise InvalidInputError("batch_list_lost_digits", row=row.number)
            yield row.cells

    named = read_list(cells())
    if not named:
        raise InvalidInputError("batch_list_empty")
    return named


def _check_directory(file: IO[bytes]) -> int:
    """Refuse a directory that would fill the memory; return the archive's size."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _LONGEST_END))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END_RECORD:
        raise InvalidInputError("archive_unreadable")
    if int.from_bytes(tail[at + 12 : at + 16], "little") > _MOST_DIRECTORY:
        raise TooLargeError("archive_too_many_files")
    # The larger format may say another size; nothing we take needs it.
    if tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        raise TooLargeError("archive_too_many_files")
    file.seek(0)
    return size


def _name_of(member: zipfile.ZipInfo) -> str:
    if member.flag_bits & _UTF8_FLAG:
        return member.filename
    raw = member.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2][:_LONGEST_NAME]


def _is_litter(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return (
        "__MACOSX" in parts
        or parts[-1].casefold() in _LITTER
        or parts[-1].startswith("._")
    )


def _reader(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, most_bytes: int
) -> Callable[[], bytes | None]:
    def read() -> bytes | None:
        mode = member.external_attr >> 16
        if stat.S_IFMT(mode) not in {0, stat.S_IFREG} or member.file_size > most_bytes:
            return None
        try:
            with archive.open(member) as stream:
                data = stream.read(most_bytes + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ):
            return None
        return data if 0 < len(data) <= most_bytes else None

    return read


def _file_reader(path: Path, most_bytes: int) -> Callable[[], bytes | None]:
    def read() -> bytes | None:
        # A link leads out of what was handed over.
        if path.is_symlink() or not 0 < path.stat().st_size <= most_bytes:
            return None
        return path.read_bytes()

    return read
