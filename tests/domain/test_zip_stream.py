from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

import pytest

from backend.domain import zip_stream as module
from backend.domain.zip_stream import zip_size, zip_stream

FILES = [("SHA256SUMS", b""), ("photos/样例_01.jpg", b"\xff\xd8" * 500)]


def packed(files: list[tuple[str, bytes]]) -> bytes:
    data = b"".join(zip_stream(files))
    assert len(data) == zip_size((name, len(content)) for name, content in files)
    return data


def test_any_reader_opens_it_and_nothing_in_it_tells_when_or_where() -> None:
    with zipfile.ZipFile(io.BytesIO(packed(FILES))) as package:
        assert package.testzip() is None
        assert [(i.filename, package.read(i)) for i in package.infolist()] == FILES
        for info in package.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.external_attr >> 16 == 0o100644
            assert info.flag_bits == 1 << 11
            assert (info.extra, info.comment) == (b"", b"")
        assert package.comment == b""
    assert b"PK\6\6" not in packed(FILES)


def test_the_same_files_make_the_same_bytes() -> None:
    assert packed(FILES) == packed(FILES)
    assert packed(FILES[:0]) == b"PK\5\6" + b"\0" * 18


def test_more_files_than_sixteen_bits_count() -> None:
    files = [(f"{n:06d}.jpg", b"") for n in range(65_535)]
    with zipfile.ZipFile(io.BytesIO(packed(files))) as package:
        assert len(package.namelist()) == len(files)
    plain = zip_size((name, 0) for name, _ in files[:-1])
    assert zip_size((name, 0) for name, _ in files) == plain + 30 + 46 + 20 + 56 + 20


def test_what_lies_beyond_four_gigabytes_says_so_in_its_own_field() -> None:
    offset = 5 << 30
    entry = module._directory_entry(b"a", 0, 0, offset)
    assert struct.unpack("<I", entry[42:46]) == (0xFFFF_FFFF,)
    assert struct.unpack("<2HQ", entry[47:]) == (1, 8, offset)
    size = zip_size([("a", offset), ("b", 1)])
    end = module._end(2, 2 * 47 + 12, offset + 2 * 31 + 1)
    assert size == offset + 2 * 31 + 1 + 2 * 47 + 12 + len(end)
    assert end.startswith(b"PK\6\6")


def test_an_error_of_a_file_ends_it_before_the_directory() -> None:
    def files() -> Iterator[tuple[str, bytes]]:
        yield FILES[0]
        raise ZeroDivisionError

    sent: list[bytes] = []
    with pytest.raises(ZeroDivisionError):
        sent.extend(zip_stream(files()))
    assert sent
    assert b"PK\1\2" not in b"".join(sent)
