from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.crypto import (
    FileCipher,
    Passwords,
    Vault,
    new_public_id,
    new_token,
    token_hash,
)

OLD, NEW, HASH = bytes(32), bytes(range(32)), b"h" * 32


def _vault(current: str = "new") -> Vault:
    return Vault(keys={"new": NEW, "old": OLD}, current=current, hash_key=HASH)


@given(text=st.text(), purpose=st.text(st.characters(codec="utf-8")))
def test_what_is_sealed_can_be_opened(text: str, purpose: str) -> None:
    if text.encode(errors="replace").decode() != text:
        return
    vault = _vault()
    sealed = vault.seal(text, purpose=purpose)
    assert vault.open(sealed, purpose=purpose) == text


def test_the_same_text_is_sealed_differently_each_time() -> None:
    vault = _vault()
    assert vault.seal("one", purpose="p") != vault.seal("one", purpose="p")


@given(place=st.integers(0, 60), bit=st.integers(0, 7))
def test_a_value_with_any_bit_flipped_is_refused(place: int, bit: int) -> None:
    vault = _vault()
    sealed = bytearray(vault.seal("张测试 0202300001", purpose="p"))
    place %= len(sealed)
    sealed[place] ^= 1 << bit
    with pytest.raises(ValueError, match="sealed"):
        vault.open(bytes(sealed), purpose="p")


@pytest.mark.parametrize("sealed", [b"", b"new", b"new:", b"new:short", b"\xff:x"])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(ValueError, match="sealed"):
        _vault().open(sealed, purpose="p")


def test_a_value_cannot_be_moved_to_another_purpose() -> None:
    vault = _vault()
    sealed = vault.seal("text", purpose="name")
    with pytest.raises(ValueError, match="damaged"):
        vault.open(sealed, purpose="id_number")


def test_an_older_key_still_opens_and_is_told_apart() -> None:
    sealed = _vault("old").seal("text", purpose="p")
    vault = _vault()
    assert vault.open(sealed, purpose="p") == "text"
    assert not vault.is_current(sealed)
    assert vault.is_current(vault.seal("text", purpose="p"))
    only_new = Vault(keys={"new": NEW}, current="new", hash_key=HASH)
    with pytest.raises(ValueError, match="not configured"):
        only_new.open(sealed, purpose="p")


def test_hashes_depend_on_text_purpose_and_key() -> None:
    vault = _vault()
    other = Vault(keys={"new": NEW}, current="new", hash_key=b"i" * 32)
    hashes = {
        vault.hash("a", purpose="p"),
        vault.hash("b", purpose="p"),
        vault.hash("a", purpose="q"),
        other.hash("a", purpose="p"),
    }
    assert len(hashes) == 4
    assert {len(digest) for digest in hashes} == {64}
    assert vault.hash("a", purpose="p") == _vault("old").hash("a", purpose="p")


def test_a_vault_does_not_print_its_keys() -> None:
    assert repr(_vault()) == "Vault(current='new', keys=2)"


@given(data=st.binary())
def test_a_file_that_is_sealed_can_be_opened(data: bytes) -> None:
    cipher = FileCipher(NEW)
    assert cipher.open(cipher.seal(data)) == data


@pytest.mark.parametrize(
    "change", [lambda d: d[:-1], lambda d: d + b"x", lambda _: b""]
)
def test_a_damaged_file_is_refused(change: object) -> None:
    assert callable(change)
    cipher = FileCipher(NEW)
    with pytest.raises(ValueError, match="damaged"):
        cipher.open(change(cipher.seal(b"picture")))
    with pytest.raises(ValueError, match="damaged"):
        FileCipher(OLD).open(cipher.seal(b"picture"))


def test_tokens_are_long_and_never_the_same() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert len(new_token()) == 43
    assert len(new_public_id()) == 22
    assert len(token_hash("token")) == 64


def test_passwords_are_hashed_as_dearly_as_rfc_9106_asks_and_verified() -> None:
    passwords = Passwords()
    encoded = passwords.hash("an invented passphrase")
    assert encoded.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.verify(encoded, "an invented passphrase")
    assert not passwords.verify(encoded, "another")
    assert not passwords.verify(None, "an invented passphrase")
    assert not passwords.verify("not a hash", "an invented passphrase")
