"""Texts that are plainly not a collection code, told apart so that people can be helped."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit

_PAYMENT_SCHEMES = ("wxp:", "alipay:", "alipays:", "alipayqr:", "upwallet:")
_PAYMENT_HOSTS = (
    "alipay.com",
    "alipay.cn",
    "95516.com",
    "tenpay.com",
    "pay.weixin.qq.com",
    "payapp.weixin.qq.com",
)
_WECHAT_SCHEMES = ("weixin:", "wechat:", "wxwork:")
_WECHAT_HOSTS = ("weixin.qq.com", "wechat.com", "weixin.com")
_OTHER_SCHEMES = (
    "begin:vcard",
    "mecard:",
    "wifi:",
    "mailto:",
    "tel:",
    "sms:",
    "smsto:",
    "geo:",
    "data:",
    "javascript:",
)

_WITH_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,30}://", re.IGNORECASE)
_BARE_HOST = re.compile(
    r"(?:[a-z0-9-]{1,63}\.){1,6}(?:com|cn|net|org|edu|gov|top|vip|xyz)(?:[/:?#]|$)",
    re.IGNORECASE,
)
_POSTER_PATH = re.compile(r"/s/[A-Za-z0-9_-]+/?")
_PHONE_NUMBER = re.compile(r"(?:\+?86)?1[3-9]\d{9}")
_IDENTITY_NUMBER = re.compile(r"[1-9]\d{5}((?:19|20)\d{6})\d{3}[\dX]", re.IGNORECASE)
_OLD_IDENTITY_NUMBER = re.compile(r"[1-9]\d{5}(\d{6})\d{3}")
# The longest number a student is likely to type instead: 学号, 考生号 and 证书编号 end at 18.
_LONGEST_NUMBER = 19


def _is_on(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _web_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return "code_is_web_address"
    if _is_on(host, _PAYMENT_HOSTS):
        return "code_is_payment"
    if _is_on(host, _WECHAT_HOSTS):
        return "code_is_wechat"
    if _POSTER_PATH.fullmatch(parts.path):
        return "code_is_station_poster"
    return "code_is_web_address"


def _is_date(digits: str) -> bool:
    try:
        date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
    except ValueError:
        return False
    return True


def _number(text: str) -> str | None:
    digits = text.replace("-", "")
    if _PHONE_NUMBER.fullmatch(digits):
        return "code_is_phone_number"
    new = _IDENTITY_NUMBER.fullmatch(digits)
    old = _OLD_IDENTITY_NUMBER.fullmatch(digits)
    if (new and _is_date(new[1])) or (old and _is_date(f"19{old[1]}")):
        return "code_is_identity_number"
    if digits.isdigit() and len(digits) <= _LONGEST_NUMBER:
        return "code_is_number"
    return None


def name_foreign_code(text: str) -> str | None:
    """Return the error code for a text of a known other kind, or None.

    Args:
        text: without blanks, full-width characters already folded.
    """
    lower = text.lower()
    if lower.startswith(_PAYMENT_SCHEMES):
        return "code_is_payment"
    if lower.startswith(_WECHAT_SCHEMES):
        return "code_is_wechat"
    if lower.startswith(_OTHER_SCHEMES):
        return "code_not_understood"
    if _WITH_SCHEME.match(text):
        return _web_address(text)
    if _BARE_HOST.match(text):
        return _web_address(f"https://{text}")
    return _number(text)
