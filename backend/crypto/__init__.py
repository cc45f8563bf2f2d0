"""Sealing personal fields, hashing them for lookup, tokens and passwords."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12  # NIST SP 800-38D §8.2: 96-bit nonces for GCM
_SEPARATOR: Final = b":"


class Vault:
    """Seals text with AES-256-GCM and hashes it with a separate key.

    A sealed value is ``key id ":" nonce ciphertext``. The purpose is authenticated
    with it, so a value cannot be moved to another column. Hashes are for equality
    lookups only and use HMAC-SHA-256, since a plain digest of an 18-digit number can
    be reversed by trying them all.
    """

    def __init__(
        self, *, keys: Mapping[str, bytes], current: str, hash_key: bytes
    ) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._current = current
        self._hash_key = hash_key

    def __repr__(self) -> str:
        return f"Vault(current={self._current!r}, keys={len(self._ciphers)})"

    def seal(self, text: str, *, purpose: str) -> bytes:
        """Return the text encrypted under the current key."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(
            nonce, text.encode(), purpose.encode()
        )
        return self._current.encode() + _SEPARATOR + nonce + sealed

    def open(self, sealed: bytes, *, purpose: str) -> str:
        """Return the text; raises ValueError for a damaged or foreign value."""
        name, _, rest = sealed.partition(_SEPARATOR)
        cipher = self._ciphers.get(name.decode(errors="replace"))
        if cipher is None:
            raise ValueError("sealed with a key that is not configured")
        try:
            return cipher.decrypt(
                rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], purpose.encode()
            ).decode()
        except (InvalidTag, ValueError):
            raise ValueError("sealed value is damaged") from None

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether the value was sealed with the current key."""
        return sealed.partition(_SEPARATOR)[0] == self._current.encode()

    @property
    def current_prefix(self) -> bytes:
        """How every value begins that was sealed with the current key."""
        return self._current.encode() + _SEPARATOR

    def hash(self, text: str, *, purpose: str) -> str:
        """Return the keyed hash of the text, 64 hexadecimal characters."""
        message = purpose.encode() + b"\0" + text.encode()
        return hmac.new(self._hash_key, message, hashlib.sha256).hexdigest()


class FileCipher:
    """Encrypts whole files with AES-256-GCM: a 96-bit nonce, then the ciphertext."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, data: bytes) -> bytes:
        """Return the bytes encrypted."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, None)

    def open(self, data: bytes) -> bytes:
        """Return the bytes decrypted; raises ValueError when they are damaged."""
        try:
            return self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError):
            raise ValueError("sealed file is damaged") from None


def new_token() -> str:
    """Return 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def new_public_id() -> str:
    """Return 128 random bits as 22 URL-safe characters: nobody guesses another's."""
    return secrets.token_urlsafe(16)


def token_hash(token: str) -> str:
    """Return the digest under which a random token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


class Passwords:
    """Hashes passwords with Argon2id; the defaults are RFC 9106's low-memory choice."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        # Verified against when the user name is unknown, so both answers take as long.
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """Return the encoded hash."""
        return self._hasher.hash(password)

    def verify(self, encoded: str | None, password: str) -> bool:
        """Tell whether the password is right; ``None`` stands for no such user."""
        try:
            self._hasher.verify(encoded or self._decoy, password)
        except (VerificationError, InvalidHashError):
            return False
        return encoded is not None
