from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.domain.codes import (
    Claims,
    CollectionCode,
    encode_claims,
    fingerprint,
    parse_collection_code,
    parse_fingerprint,
)
from backend.domain.errors import CodeUnreadableError
from tests.factories import make_id_number, make_student

STUDENT = make_student(3)
VALUES = {
    "sjc": "1772323380000",
    "cjm": STUDENT.token,
    "yxdm": "99999",
    "zjhm": "002X",
    "xh": "0202300000003",
    "cc": "专升本",
    "xllb": "成人",
    "fy": "",
    "xm": "张*",
    "bh": "",
}


def refusal(text: str) -> str:
    with pytest.raises(CodeUnreadableError) as caught:
        parse_collection_code(text)
    assert caught.value.status == 422
    assert caught.value.data == {}
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value.code


def as_json(values: object = VALUES) -> str:
    return json.dumps(values, ensure_ascii=False)


def as_base64(values: object = VALUES, encoding: str = "utf-8") -> str:
    return base64.b64encode(as_json(values).encode(encoding)).decode()


def test_a_card_is_read_into_token_and_claims() -> None:
    code = parse_collection_code(as_base64())
    assert code.token == STUDENT.token
    assert code.claims == Claims(
        school_code="99999",
        student_no="0202300000003",
        level="专升本",
        study_type="成人",
        masked_name="张*",
        id_last4="002X",
        issued_at=datetime(2026, 3, 1, 0, 3, tzinfo=UTC),
    )


names = st.text(alphabet="张李王测试样例*·", min_size=1, max_size=10)
words = st.none() | st.text(alphabet="0123456789ABCxyz-班院", min_size=1, max_size=15)
claims_values = st.builds(
    Claims,
    school_code=words,
    student_no=words,
    level=words,
    study_type=words,
    masked_name=st.none() | names,
    id_last4=st.none() | st.from_regex(r"[0-9]{3}[0-9X]", fullmatch=True),
    branch=words,
    class_no=words,
    issued_at=st.integers(10**11, 10**13 - 1).map(
        lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    ),
)
tokens = st.text(alphabet="0123456789abcdefXYZ_-+/=", min_size=1, max_size=64)


@given(tokens, claims_values)
def test_what_is_encoded_is_parsed_back(token: str, claims: Claims) -> None:
    payload = encode_claims(token, claims)
    code = parse_collection_code(payload)
    assert (code.token, code.claims, code.raw) == (token, claims, payload)


@given(st.permutations(sorted(VALUES)), st.sampled_from(["utf-8", "utf-8-sig", "gbk"]))
def test_order_and_encoding_do_not_matter(order: list[str], encoding: str) -> None:
    values = {key: VALUES[key] for key in order} | {"new": [1, {"a": None}]}
    assert parse_collection_code(as_base64(values, encoding)).claims == (
        parse_collection_code(as_base64()).claims
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.rstrip("="),
        lambda text: text.replace("+", "-").replace("/", "_"),
        lambda text: f"\ufeff  {text}\r\n",
        lambda text: "\n".join(text[i : i + 40] for i in range(0, len(text), 40)),
        lambda text: " ".join(text[i : i + 7] for i in range(0, len(text), 7)),
        lambda text: "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in text),
        lambda text: text[:9] + "\u200b" + text[9:],
        lambda _: as_json(),
        lambda _: f" {as_json()} ",
        lambda _: json.dumps(VALUES, indent=2),
        lambda _: as_base64(VALUES | {"cjm": f" {STUDENT.token}\n"}),
    ],
)
def test_ways_of_pasting_lead_to_the_same_code(change: object) -> None:
    assert callable(change)
    code = parse_collection_code(change(as_base64()))
    assert code == parse_collection_code(as_base64())
    assert code.claims == parse_collection_code(as_base64()).claims


def test_a_card_downloaded_again_is_the_same_code() -> None:
    later = as_base64(VALUES | {"sjc": "1772999999999"})
    codes = {parse_collection_code(as_base64()), parse_collection_code(later)}
    assert len(codes) == 1


def test_the_payload_is_kept_as_it_was_read() -> None:
    assert parse_collection_code(f" {as_base64()}\n").raw == as_base64()


@pytest.mark.parametrize(
    "values",
    [
        {key: value for key, value in VALUES.items() if key != "cjm"},
        VALUES | {"cjm": ""},
        VALUES | {"cjm": "  "},
        VALUES | {"cjm": None},
        VALUES | {"cjm": True},
        VALUES | {"cjm": ["x"]},
        VALUES | {"cjm": "abc\u0000def"},
        VALUES | {"cjm": "abc\ud800def"},
        {},
    ],
)
def test_json_without_a_token_is_refused(values: dict[str, object]) -> None:
    assert refusal(json.dumps(values)) == "code_not_understood"
    payload = base64.b64encode(json.dumps(values).encode()).decode()
    assert refusal(payload) == "code_not_understood"


def test_odd_claims_are_left_out_and_numbers_become_text() -> None:
    odd = {"xh": 20230001, "xm": ["张"], "bh": True, "fy": "分\u0000院" * 70}
    odd |= {"zjhm": "12(3)", "sjc": "yesterday", "cc": "  "}
    claims = parse_collection_code(json.dumps({"cjm": 12345678} | odd)).claims
    assert claims is not None
    assert claims == Claims(student_no="20230001", branch="分院" * 50)


def test_the_last_four_lose_brackets_and_masks() -> None:
    claims = parse_collection_code(as_json({"cjm": "abc", "zjhm": "**45(6)"})).claims
    assert claims is not None
    assert claims.id_last4 is None
    claims = parse_collection_code(as_json({"cjm": "abc", "zjhm": "**345(６)"})).claims
    assert claims is not None
    assert claims.id_last4 == "3456"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://bz.example.edu.cn/s/Ab3dE_fgh-12345678", "code_is_station_poster"),
        (
            "http://localhost:8000/s/Ab3dEfgh12345678/?from=poster",
            "code_is_station_poster",
        ),
        ("bz.example.com/s/Ab3dEfgh12345678", "code_is_station_poster"),
        ("https://www.example.com/page/s/abc", "code_is_web_address"),
        ("www.example.com", "code_is_web_address"),
        ("https://[oops", "code_is_web_address"),
        ("ftp://example.com/x", "code_is_web_address"),
        ("https://weixin.qq.com@evil.example/r/x", "code_is_web_address"),
        ("https://notweixin.qq.com.example/r/x", "code_is_web_address"),
        ("wxp://f2f0AbCdEfGhIjKlMnOpQrStUvWxYz", "code_is_payment"),
        ("https://qr.alipay.com/fkx12345abcdef", "code_is_payment"),
        ("HTTPS://QR.ALIPAY.COM/FKX12345ABCDEF", "code_is_payment"),
        ("alipays://platformapi/startapp?appId=1", "code_is_payment"),
        ("https://qr.95516.com/00010000/0123", "code_is_payment"),
        ("weixin://wxpay/bizpayurl?pr=x", "code_is_wechat"),
        ("https://u.wechat.com/MEDabcdefghij", "code_is_wechat"),
        ("https://weixin.qq.com/r/abcdefg", "code_is_wechat"),
        ("https://mp.weixin.qq.com/s/AbCdEfGhIj", "code_is_wechat"),
        ("WIFI:T:WPA;S:net;P:pass;;", "code_not_understood"),
        ("BEGIN:VCARD\nVERSION:3.0\nEND:VCARD", "code_not_understood"),
        ("13800000000", "code_is_phone_number"),
        ("+86 138 0000 0000", "code_is_phone_number"),
        ("１３８００００００００", "code_is_phone_number"),
        ("11010519491231002X", "code_is_identity_number"),
        ("110105 19491231 002x", "code_is_identity_number"),
        ("110105194912310020", "code_is_identity_number"),
        ("110105491231002", "code_is_identity_number"),
        ("2023010200345", "code_is_number"),
        ("100655202306000123", "code_is_number"),
        ("", "code_too_short"),
        (" \n\t ", "code_too_short"),
        ("abc", "code_too_short"),
        ("a" * 2001, "code_too_long"),
        ("{" + '"a":' * 900, "code_too_long"),
        (" " * 100_000, "code_too_long"),
        ("[" * 1999, "opaque"),
        ('{"a":' * 390, "code_not_understood"),
        ("{not json}", "code_not_understood"),
        ("我的采集码是这个吗", "code_not_understood"),
        ("what is a collection code", "code_not_understood"),
        ("abcdefgh\x00ijkl", "code_not_understood"),
        ("abcdefgh\ud800ijkl", "code_not_understood"),
        ("\x1b[31mabcdefgh", "code_not_understood"),
    ],
)
def test_what_is_no_collection_code_is_named(text: str, code: str) -> None:
    if code == "opaque":
        assert parse_collection_code(text).claims is None
    else:
        assert refusal(text) == code


@pytest.mark.parametrize(
    "text",
    ["A1b2C3d4", "x" * 2000, "c2FtcGxl-b3BhcXVl_dGV4dA==", "eyJh.eyJi.c2ln", "a" * 9],
)
def test_opaque_text_is_its_own_token(text: str) -> None:
    code = parse_collection_code(f"  {text}\n")
    assert code == CollectionCode(token=text, claims=None, raw=text)
    assert code.claims is None
    assert code.needs_name


def test_base64_of_json_that_is_no_object_stays_opaque() -> None:
    text = base64.b64encode(b"[1, 2, 3, 4, 5]").decode()
    assert parse_collection_code(text).claims is None


def test_the_name_is_needed_only_when_the_code_does_not_tell_enough() -> None:
    assert not parse_collection_code(as_base64()).needs_name
    assert parse_collection_code(as_base64(VALUES | {"xm": "**"})).needs_name
    assert parse_collection_code(as_base64(VALUES | {"xm": ""})).needs_name
    assert parse_collection_code(as_base64(VALUES | {"xh": ""})).needs_name


@given(
    st.text(max_size=300) | st.binary(max_size=200).map(lambda b: b.decode("latin-1"))
)
@example("{" * 1500)
@example("11010519491231002X")
def test_hostile_text_ends_in_a_code_or_a_silent_refusal(text: str) -> None:
    code = None
    with contextlib.suppress(CodeUnreadableError):
        code = parse_collection_code(text)
    if code is None:
        assert refusal(text).startswith("code_")
        return
    assert code.token
    assert code.raw not in repr(code)


@given(st.integers(0, 10_000))
def test_no_identity_number_passes_for_a_code(n: int) -> None:
    assert refusal(make_id_number(serial=n % 1000)) == "code_is_identity_number"


def test_repr_tells_nothing() -> None:
    code = parse_collection_code(STUDENT.payload)
    text = f"{code!r} {code.claims!r} {code}"
    for secret in (STUDENT.token, STUDENT.student_no, STUDENT.masked_name, code.raw):
        assert secret not in text
    assert "opaque" in repr(parse_collection_code("A1b2C3d4"))


@given(tokens)
def test_a_fingerprint_is_short_stable_and_typable(token: str) -> None:
    short = fingerprint(token)
    assert short == CollectionCode(token, None, token).fingerprint
    assert len(short) == 9
    assert not set(short) & set("ILOUilou")
    assert parse_fingerprint(f" {short.lower().replace('-', ' ')} ") == short
    mistyped = short.replace("0", "o").replace("1", "l").replace("V", "u")
    assert parse_fingerprint(mistyped) == short


def test_a_fingerprint_never_changes() -> None:
    assert fingerprint("0123456789abcdef" * 2) == "1D5H-3GZ3"


def test_fingerprints_of_a_campaign_differ() -> None:
    assert len({fingerprint(make_student(n).token) for n in range(5000)}) == 5000


@pytest.mark.parametrize("text", ["", "ABCD", "ABCD-12345", "张三ABCD12", "ABCD_1234"])
def test_other_text_is_no_fingerprint(text: str) -> None:
    assert parse_fingerprint(text) is None
