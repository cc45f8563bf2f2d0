"""Photos in a folder, under the digest of their content.

A key is a digest and nothing else, so no path is ever made from what somebody sent.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from backend.domain.errors import NotFoundError, UnavailableError

_KEY: Final = re.compile(r"[0-9a-f]{64}\Z")
_TEMPORARY: Final = ".tmp-"


class Cipher(Protocol):
    """Encrypts files at rest."""

    def seal(self, data: bytes) -> bytes:
        """Return the bytes encrypted."""

    def open(self, data: bytes) -> bytes:
        """Return the bytes decrypted; raises ValueError."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One file of the store."""

    key: str
    size_bytes: int
    modified_at: datetime = field(compare=False)


class LocalPhotoStore:
    """Keeps photos as ``root/ab/cd/abcd…``, below a folder that no web server serves."""

    def __init__(self, root: Path, *, cipher: Cipher | None = None) -> None:
        self._root = root.resolve()
        self._cipher = cipher

    def put(self, data: bytes) -> str:
        """Keep the bytes and return their key; on disk for good when it returns.

        Bytes that are there already get a new time, so that a clean-up that looks at
        age does not take them from a row that is about to name them. A damaged file is
        replaced.

        Raises:
            UnavailableError: ``storage_unavailable``.
        """
        key = hashlib.sha256(data).hexdigest()
        path = self._path(key)
        try:
            if not self._renewed(path, data):
                self._write(path, self._cipher.seal(data) if self._cipher else data)
        except OSError:
            raise UnavailableError("storage_unavailable") from None
        return key

    def get(self, key: str) -> bytes:
        """Return the bytes of a key.

        Raises:
            NotFoundError: ``file_not_found``.
            UnavailableError: ``storage_damaged``: they are not what was put;
                ``storage_unavailable``.
        """
        try:
            data = self._read(self._path(key))
        except FileNotFoundError:
            raise NotFoundError("file_not_found") from None
        except OSError:
            raise UnavailableError("storage_unavailable") from None
        except ValueError:
            raise UnavailableError("storage_damaged") from None
        if hashlib.sha256(data).hexdigest() != key:
            raise UnavailableError("storage_damaged")
        return data

    def has(self, key: str) -> bool:
        """Tell whether there is a file, without reading it."""
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """Remove the file of a key if it is there; raises UnavailableError."""
        path = self._path(key)
        try:
            if self._is_inside(path):
                path.unlink(missing_ok=True)
        except OSError:
            raise UnavailableError("storage_unavailable") from None

    def delete_older(self, key: str, before: datetime) -> bool:
        """Remove the file of a key unless it was put since; tell whether it is gone.

        Raises:
            UnavailableError: ``storage_unavailable``.
        """
        path = self._path(key)
        try:
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) >= before:
                return False
        except FileNotFoundError:
            return True
        except OSError:
            raise UnavailableError("storage_unavailable") from None
        self.delete(key)
        return True

    def files(self) -> Iterator[LocalFile]:
        """Yield every whole file kept; half-written ones are not files yet."""
        for path in self._root.glob("??/??/*"):
            try:
                if not _KEY.match(path.name) or not self._is_inside(path):
                    continue
                facts = path.stat()
            except FileNotFoundError:
                # Deleted since the folder was listed.
                continue
            yield LocalFile(
                key=path.name,
                size_bytes=facts.st_size,
                modified_at=datetime.fromtimestamp(facts.st_mtime, UTC),
            )

    def remove_half_written(self, before: datetime) -> int:
        """Remove what a crash left of files begun before an instant; return how many.

        They may hold a photo that nothing names, so nothing else would ever remove them.
        """
        removed = 0
        for path in self._root.glob(f"??/??/{_TEMPORARY}*"):
            try:
                begun = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
                if begun < before and self._is_inside(path.parent):
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                # Finished, or removed by another, since the folder was listed.
                continue
        return removed

    def check(self) -> None:
        """Raise UnavailableError when nothing can be written."""
        probe = self._root / f"{_TEMPORARY}{secrets.token_hex(8)}"
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe.write_bytes(b"")
            probe.unlink()
        except OSError:
            raise UnavailableError("storage_unavailable") from None

    def _path(self, key: str) -> Path:
        if not _KEY.match(key):
            raise NotFoundError("file_not_found")
        return self._root / key[:2] / key[2:4] / key

    def _is_inside(self, path: Path) -> bool:
        """Tell whether the path is what it says: no link on the way leads elsewhere."""
        return path.resolve() == path

    def _read(self, path: Path) -> bytes:
        """Return what a file holds, decrypted; raises OSError and ValueError."""
        if not self._is_inside(path):
            raise FileNotFoundError
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as stored:
            data = stored.read()
        return self._cipher.open(data) if self._cipher else data

    def _renewed(self, path: Path, data: bytes) -> bool:
        """Give a file that holds the bytes a new time; false where none does."""
        try:
            if self._read(path) != data:
                return False
            os.utime(path)
        except (FileNotFoundError, ValueError):
            return False
        return True

    def _write(self, path: Path, data: bytes) -> None:
        """Write beside, flush to the disk, rename, flush the folders: all or nothing."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not self._is_inside(path.parent):
            raise NotADirectoryError
        temporary = path.parent / f"{_TEMPORARY}{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(temporary, flags, 0o600), "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent, self._root):
            _flush(folder)


def _flush(folder: Path) -> None:
    """Make a rename in the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
