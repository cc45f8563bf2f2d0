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
    """Keeps photos below one folder that no web server serves."""

    def __init__(self, root: Path, *, cipher: Cipher | None = None) -> None:
        self._root = root.resolve()
        self._cipher = cipher

    def put(self, data: bytes) -> str:
        """Keep the bytes and return their key; on disk for good when it returns.

        Bytes that are there already get a new time, so that a clean-up that looks at
        age does not take them from a row that is about to name them.
        """
        key = hashlib.sha256(data).hexdigest()
        path = self._path(key)
        try:
            if path.is_file():
                os.utime(path)
            else:
                self._write(path, self._cipher.seal(data) if self._cipher else data)
        except OSError:
            raise UnavailableError("storage_unavailable") from None
        return key

    def get(self, key: str) -> bytes:
        """Return the bytes of a key.

        Raises:
            NotFoundError: ``file_not_found``.
            UnavailableError: ``storage_damaged``: they are not what was put.
        """
        path = self._path(key)
        if path.is_symlink() or not path.is_file():
            raise NotFoundError("file_not_found")
        stored = path.read_bytes()
        try:
            data = self._cipher.open(stored) if self._cipher else stored
        except ValueError:
            raise UnavailableError("storage_damaged") from None
        if hashlib.sha256(data).hexdigest() != key:
            raise UnavailableError("storage_damaged")
        return data

    def delete(self, key: str) -> None:
        """Remove the file of a key if it is there."""
        self._path(key).unlink(missing_ok=True)

    def files(self) -> Iterator[LocalFile]:
        """Yield every whole file kept; half-written ones are not files yet."""
        for path in self._root.glob("??/*"):
            if _KEY.match(path.name) and path.is_file() and not path.is_symlink():
                facts = path.stat()
                yield LocalFile(
                    key=path.name,
                    size_bytes=facts.st_size,
                    modified_at=datetime.fromtimestamp(facts.st_mtime, UTC),
                )

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
        return self._root / key[:2] / key

    def _write(self, path: Path, data: bytes) -> None:
        """Write beside, flush to the disk, rename, flush the folder: all or nothing."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.parent / f"{_TEMPORARY}{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(temporary, flags, 0o600), "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            temporary.rename(path)
        finally:
            temporary.unlink(missing_ok=True)
        for folder in (path.parent, self._root):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
