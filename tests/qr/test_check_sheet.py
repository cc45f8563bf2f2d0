from __future__ import annotations

import pypdfium2
import pytest

import qr
from tests.services.worlds import picture

pytestmark = pytest.mark.needs("cjk-font")


def sheet(*sections: qr.SheetSection) -> bytes:
    return qr.render_check_sheet(list(sections), heading="核对表", note="核对后签名")


def section(title: str, count: int) -> qr.SheetSection:
    cards = [
        qr.SheetCard(picture, (f"样例{n}", "很长的一行说明文字，" * 10))
        for n in range(count)
    ]
    return qr.SheetSection(title, cards)


def test_a_section_begins_a_page_and_eighteen_fill_one() -> None:
    document = pypdfium2.PdfDocument(sheet(section("一班", 19), section("二班", 1)))
    texts = [page.get_textpage().get_text_range() for page in document]
    document.close()
    assert [text.count("本人签名") for text in texts] == [18, 1, 1]
    assert ["一班" in text for text in texts] == [True, True, False]
    assert "第 3 页，共 3 页" in texts[2]


def test_the_same_sheet_is_the_same_bytes() -> None:
    assert sheet(section("一班", 2)) == sheet(section("一班", 2))


def test_nobody_and_no_picture_are_refused() -> None:
    with pytest.raises(qr.PosterError, match="没有人"):
        sheet(section("一班", 0))
    broken = qr.SheetCard(lambda: b"no picture", ("样例",))
    with pytest.raises(qr.PictureError, match="打不开"):
        sheet(qr.SheetSection("一班", [broken]))
