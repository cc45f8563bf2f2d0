"""What people pack, and what attackers do."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from backend.domain.errors import InvalidInputError, TooLargeError
from backend.services import batch_files
from backend.services.batch_files import files_of_archive, files_of_folder

MOST = 1000


def _zip(
    *members: tuple[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_STORED
) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return packed


def _read(packed: io.BytesIO) -> list[tuple[str, bytes | None]]:
    return [(f.name, f.read()) for f in files_of_archive(packed, most_bytes=MOST)]


def test_members_are_read_by_name_without_folders_and_litter() -> None:
    packed = _zip(
        ("甲班/", b""),
        ("甲班/a.jpg", b"A"),
        ("__MACOSX/甲班/._a.jpg", b"x"),
        ("甲班/.DS_Store", b"x"),
        ("甲班/Thumbs.db", b"x"),
        ("..\\..\\b.jpg", b"B"),
        ("/etc/passwd", b"C"),
    )
    assert _read(packed) == [("a.jpg", b"A"), ("b.jpg", b"B"), ("passwd", b"C")]


def test_names_of_chinese_windows_are_understood() -> None:
    packed = _zip(("xxxx.jpg", b"A"))
    raw = packed.getvalue().replace(b"xxxx.jpg", "张测".encode("gb18030") + b".jpg")
    assert _read(io.BytesIO(raw)) == [("张测.jpg", b"A")]


def test_what_is_no_plain_file_is_not_read() -> None:
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed = _zip(
        (link, b"/etc/passwd"), ("large.jpg", bytes(MOST + 1)), ("e.jpg", b"")
    )
    assert _read(packed) == [("link.jpg", None), ("large.jpg", None), ("e.jpg", None)]


def test_a_damaged_member_is_not_read() -> None:
    packed = _zip(("a.jpg", b"0123456789"), ("b.jpg", b"B"))
    damaged = packed.getvalue().replace(b"0123456789", b"0123456780")
    assert _read(io.BytesIO(damaged)) == [("a.jpg", None), ("b.jpg", b"B")]


def test_a_size_that_lies_gains_nothing() -> None:
    packed = _zip(("a.jpg", bytes(100 * MOST)), how=zipfile.ZIP_DEFLATED).getvalue()
    honest = struct.pack("<I", 100 * MOST)
    assert packed.count(honest) == 2
    lying = packed.replace(honest, struct.pack("<I", 10))
    assert _read(io.BytesIO(lying)) == [("a.jpg", None)]


def test_an_archive_that_grows_is_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch_files, "_FREE_GROWTH", 0)
    packed = _zip(("a.jpg", bytes(100_000)), how=zipfile.ZIP_DEFLATED)
    with pytest.raises(TooLargeError, match="archive_grows"):
        _read(packed)


def test_a_long_directory_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packed = _zip(*((f"{n}.jpg", b"x") for n in range(20)))
    monkeypatch.setattr(batch_files, "MOST_FILES", 10)
    with pytest.raises(TooLargeError, match="archive_too_many_files"):
        _read(packed)
    monkeypatch.setattr(batch_files, "_MOST_DIRECTORY", 100)
    monkeypatch.setattr(
        zipfile, "ZipFile", lambda *_: pytest.fail("the directory was read")
    )
    with pytest.raises(TooLargeError, match="archive_too_many_files"):
        _read(packed)


def test_the_larger_format_is_refused() -> None:
    packed = _zip(("a.jpg", b"A")).getvalue()
    at = packed.rfind(b"PK\x05\x06")
    locator = b"PK\x06\x07" + bytes(16)
    with pytest.raises(TooLargeError):
        _read(io.BytesIO(packed[:at] + locator + packed[at:]))


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x05\x06"])
def test_what_is_no_archive_is_said_so(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="archive_unreadable"):
        _read(io.BytesIO(data))


def test_an_encrypted_archive_is_said_so() -> None:
    packed = bytearray(_zip(("a.jpg", b"A")).getvalue())
    packed[packed.rfind(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InvalidInputError, match="archive_encrypted"):
        _read(io.BytesIO(bytes(packed)))


def test_a_folder_is_read_in_order_and_never_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "photos"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "2.jpg").write_bytes(b"2")
    (folder / "a.jpg").write_bytes(b"1")
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / "large.jpg").write_bytes(bytes(MOST + 1))
    (tmp_path / "secret").write_bytes(b"s")
    (folder / "link.jpg").symlink_to(tmp_path / "secret")
    found = [(f.name, f.read()) for f in files_of_folder(folder, most_bytes=MOST)]
    assert found == [
        ("a.jpg", b"1"),
        ("2.jpg", b"2"),
        ("large.jpg", None),
        ("link.jpg", None),
    ]
    with pytest.raises(InvalidInputError):
        list(files_of_folder(folder / "a.jpg", most_bytes=MOST))
    monkeypatch.setattr(batch_files, "MOST_FILES", 2)
    with pytest.raises(TooLargeError):
        list(files_of_folder(folder, most_bytes=MOST))
