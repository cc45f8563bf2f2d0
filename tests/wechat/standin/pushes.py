"""Signing and encrypting what WeChat pushes, by its published recipe."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import xmltodict
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.wechat.standin.accounts import StandInAccount

_BLOCK_BYTES: Final = 32

Form = Literal["json", "xml"]
#: ``signature``  another signature than the right one
#: ``unsigned``   no signature at all
#: ``body``       changed after it was signed
#: ``timestamp``  changed after it was signed
#: ``app_id``     rightly signed, and encrypted for somebody else's account
Tampering = Literal["signature", "unsigned", "body", "timestamp", "app_id"]


@dataclass(frozen=True)
class Envelope:
    """One push as it travels: the query, the body and the type of the body."""

    query: dict[str, str]
    body: bytes
    content_type: str


def sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def encrypt(text: str, *, key: str, app_id: str) -> str:
    aes_key = base64.b64decode(key + "=")
    message = text.encode()
    plain = secrets.token_bytes(16) + struct.pack(">I", len(message)) + message
    plain += app_id.encode()
    padding = _BLOCK_BYTES - len(plain) % _BLOCK_BYTES
    plain += bytes([padding]) * padding
    encryptor = Cipher(algorithms.AES(aes_key), modes.CBC(aes_key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def write(data: Mapping[str, Any], form: Form) -> str:
    if form == "json":
        return json.dumps(data, ensure_ascii=False)
    text: str = xmltodict.unparse({"xml": data}, full_document=False)
    return text


def signed_query(account: StandInAccount, at: datetime) -> dict[str, str]:
    timestamp, nonce = str(int(at.timestamp())), str(secrets.randbelow(10**10))
    return {
        "signature": sign(account.push_token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
    }


def seal(
    account: StandInAccount,
    data: Mapping[str, Any],
    *,
    at: datetime,
    encrypted: bool = True,
    form: Form = "json",
    tampered: Tampering | None = None,
) -> Envelope:
    """Return a push of the data, as WeChat sends it or as somebody else would."""
    query = signed_query(account, at) | {"openid": str(data["FromUserName"])}
    text = write(data, form)
    if encrypted:
        app_id = "wx" + "9" * 16 if tampered == "app_id" else account.app_id
        cipher = encrypt(text, key=account.push_key, app_id=app_id)
        signature = sign(account.push_token, query["timestamp"], query["nonce"], cipher)
        query |= {"encrypt_type": "aes", "msg_signature": signature}
        text = write({"ToUserName": account.original_id, "Encrypt": cipher}, form)
    _tamper(query, tampered)
    if tampered == "body":
        text = _changed(text)
    return Envelope(query, text.encode(), f"text/{'xml' if form == 'xml' else 'plain'}")


def _tamper(query: dict[str, str], how: Tampering | None) -> None:
    for name in {"signature", "msg_signature"} & query.keys():
        if how == "signature":
            query[name] = query[name][:-1] + ("0" if query[name][-1] != "0" else "1")
        elif how == "unsigned":
            del query[name]
    if how == "timestamp":
        query["timestamp"] = str(int(query["timestamp"]) + 1)


def _changed(text: str) -> str:
    """Return the text with one character in its middle exchanged."""
    at = len(text) // 2
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
