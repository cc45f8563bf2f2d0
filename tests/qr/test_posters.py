from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

import qr
from qr.code import PRINT_LEVEL
from qr.fonts import PACKAGE, first_existing
from qr.layout import (
    BLOCKS,
    HEIGHT_MM,
    MARGIN_MM,
    SIGN_BLOCKS,
    WIDTH_MM,
    Block,
    Box,
    Code,
    SecondCode,
    Text,
    lay_out,
    line_height,
    set_text,
    step_box,
    wrap,
)
from qr.matrix import matrix

URL = "https://bizhao.example.edu.cn/s/Ab3dEf6hIj9kLm2n"
pytestmark = pytest.mark.needs("cjk-font")


def symbol(size: int = 430) -> bytes:
    """A picture with a grey disc, as a mini-program code is round."""
    picture = Image.new("RGB", (size, size), "white")
    ImageDraw.Draw(picture).ellipse((4, 4, size - 5, size - 5), fill=(90, 90, 90))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def spec(**values: str | bytes) -> qr.PosterSpec:
    given_values: dict[str, str | bytes] = {
        "school": "样例大学",
        "station": "样例市第一函授站",
        "campaign": "2025届、2026届函授毕业生毕业信息采集",
        "window": "2025年9月20日 至 2026年4月30日",
        "url": URL,
        "contact": "李老师 000-0000000",
    }
    return qr.PosterSpec(**given_values | values)  # type: ignore[arg-type] # steps are never among them


def square(text: str, size_pt: float) -> float:
    """A font whose Chinese characters are squares and whose Latin ones are half."""
    wide = sum(1.0 if ord(c) > 0x2E7F else 0.5 for c in text)
    return wide * size_pt * 25.4 / 72


def regions(poster: qr.PosterSpec) -> list[Box]:
    codes = [
        shape.box
        for shape in lay_out(poster, square)
        if isinstance(shape, Code | SecondCode)
    ]
    return [
        *(block.box for block in BLOCKS.values()),
        *(step_box(n) for n in range(4)),
        *codes,
    ]


@pytest.mark.parametrize("second", [False, True])
def test_no_region_overlaps_another_or_leaves_the_page(*, second: bool) -> None:
    boxes = regions(spec(mini_program_code=symbol()) if second else spec())
    assert len(boxes) == len(BLOCKS) + 5 + second
    for n, a in enumerate(boxes):
        assert a.x >= MARGIN_MM - 1e-9
        assert a.right <= WIDTH_MM - MARGIN_MM + 1e-9
        assert a.y > 0
        assert a.bottom < HEIGHT_MM
        for b in boxes[n + 1 :]:
            apart = (
                a.right <= b.x or b.right <= a.x or a.bottom <= b.y or b.bottom <= a.y
            )
            assert apart, (a, b)


@given(
    text=st.text(st.sampled_from("样例函授站点（）、，。abc 0123456789-"), max_size=200)
    | st.text(max_size=400),
    name=st.sampled_from(sorted(BLOCKS)),
)
@settings(max_examples=300, deadline=None)
def test_whatever_is_said_stays_in_its_region(text: str, name: str) -> None:
    block = BLOCKS[name]
    lines = set_text(text, block, square)
    for line in lines:
        width = square(line.text, line.size_pt)
        assert line.x >= block.box.x - 1e-6
        assert line.x + width <= block.box.right + 1e-6
        assert block.box.y - 1e-6 <= line.baseline <= block.box.bottom + 1e-6
        assert block.smallest_pt <= line.size_pt <= block.largest_pt
    said = "".join(line.text for line in lines).replace(" ", "")
    whole = "".join(text.split())
    assert said == whole or (said.endswith("…") and whole.startswith(said[:-1]))


def test_a_long_text_wraps_before_it_shrinks_and_is_cut_last() -> None:
    block = Block(Box(0, 0, 50, 20), 20, 10)
    one = set_text("样例", block, square)
    assert [line.text for line in one] == ["样例"]
    assert one[0].size_pt == 20
    two = set_text("样例市第一函授站点", block, square)
    assert len(two) == 2
    cut = set_text("样" * 200, block, square)
    assert cut[-1].text.endswith("…")
    assert len(cut) == int(20 / line_height(10))


def test_closing_punctuation_does_not_start_a_line() -> None:
    lines = wrap("样例样例，样例", 4 * 10 * 25.4 / 72, 10, square)
    assert all(not line.startswith("，") for line in lines)
    assert "".join(lines) == "样例样例，样例"


def test_a_latin_word_stays_whole_where_it_fits() -> None:
    lines = wrap("电话 abcdef 样例", 4 * 10 * 25.4 / 72, 10, square)
    assert any("abcdef" in line for line in lines)


def read(picture: Image.Image) -> str:
    return zxingcpp.read_barcodes(np.asarray(picture.convert("L")))[0].text


def test_the_pdf_is_read_back_and_has_a_page_a_poster() -> None:
    other = "https://bizhao.example.edu.cn/s/zzzzzzzzzzzzzzzz"
    data = qr.render_poster_pdf([spec(), spec(url=other)])
    document = pypdfium2.PdfDocument(data)
    assert len(document) == 2
    pictures = [page.render(scale=2).to_pil() for page in document]
    assert [read(picture) for picture in pictures] == [URL, other]
    text = document[0].get_textpage().get_text_range()
    for part in ("样例大学", "样例市第一函授站", "2026年4月30日", "李老师", URL):
        assert part in text.replace("\r\n", "")
    document.close()


def test_the_pdf_carries_its_font_and_is_the_same_every_time() -> None:
    data = qr.render_poster_pdf([spec()])
    assert b"/FontFile2" in data
    assert data == qr.render_poster_pdf([spec()])


def test_many_posters_share_one_font() -> None:
    one = len(qr.render_poster_pdf([spec()]))
    many = len(
        qr.render_poster_pdf([spec(station=f"样例第{n}函授站") for n in range(20)])
    )
    assert (many - one) / 19 < 20 * 1024


def test_the_picture_is_a4_and_is_read_back() -> None:
    picture = Image.open(io.BytesIO(qr.render_poster_png(spec(), dpi=100)))
    assert picture.size == (round(210 / 25.4 * 100), round(297 / 25.4 * 100))
    assert read(picture) == URL


@pytest.mark.parametrize(
    ("size", "points"),
    [
        (qr.Size.A4, (595, 842)),
        (qr.Size.A3, (842, 1191)),
        (qr.Size.SIGN, (283, 283)),
    ],
)
def test_each_size_is_as_large_as_it_says_and_read_back(
    size: qr.Size, points: tuple[int, int]
) -> None:
    document = pypdfium2.PdfDocument(qr.render_poster_pdf([spec()], size=size))
    assert tuple(map(round, document[0].get_size())) == points
    assert read(document[0].render(scale=2).to_pil()) == URL
    document.close()
    picture = Image.open(io.BytesIO(qr.render_poster_png(spec(), size=size, dpi=90)))
    assert picture.size == pytest.approx([p / 72 * 90 for p in points], abs=1)
    assert read(picture) == URL


def test_the_code_of_a_sign_is_sixty_millimetres_without_its_white() -> None:
    (code,) = [s for s in lay_out(spec(), square, qr.Size.SIGN) if isinstance(s, Code)]
    modules = len(matrix(URL, PRINT_LEVEL))
    assert code.box.width * modules / (modules + 8) >= 60
    boxes = [code.box, *(block.box for block in SIGN_BLOCKS.values())]
    for n, a in enumerate(boxes):
        assert a.x >= 5
        assert a.right <= 95
        assert a.bottom < 98
        for b in boxes[n + 1 :]:
            assert a.bottom <= b.y + 1e-9 or b.bottom <= a.y + 1e-9, (a, b)


def test_the_short_code_of_a_station_stands_on_every_size() -> None:
    for size in qr.Size:
        shapes = lay_out(spec(station_code="CS01"), square, size)
        said = "".join(s.text for s in shapes if isinstance(s, Text))
        assert "函授站代码 CS01" in said
        assert "样例市第一函授站" in said
    without = lay_out(spec(), square)
    assert "函授站代码" not in "".join(s.text for s in without if isinstance(s, Text))


def test_a_poster_says_all_that_it_must() -> None:
    said = "".join(s.text for s in lay_out(spec(), square) if isinstance(s, Text))
    for part in (
        "毕业证书照片采集",
        "微信",
        "采集时间",
        "到期删除",
        "咨询",
        "扫码进入",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("school", " ", "school 没有填写"),
        ("station", "站" * 301, "station 超过 300 个字"),
        ("url", "javascript:alert(1)", "url 要以 https"),
        ("url", "https://例.cn/s/x", "url 最多 200"),
        ("url", "https://e.cn/a b", "url 最多 200"),
        ("url", "https://e.cn/" + "x" * 200, "url 最多 200"),
    ],
)
def test_a_text_that_does_not_fit_is_named(
    field: str, value: str, problem: str
) -> None:
    with pytest.raises(qr.PosterError, match=problem):
        spec(**{field: value})


def test_there_are_four_steps() -> None:
    with pytest.raises(qr.PosterError, match="正好 4 步"):
        qr.PosterSpec(
            school="a", station="b", campaign="c", window="d", url=URL, contact="e",
            steps=(("一", "二"),),
        )  # fmt: skip


def test_no_poster_is_no_file() -> None:
    with pytest.raises(qr.PosterError, match="no poster"):
        qr.render_poster_pdf([])


def test_a_machine_without_a_font_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(qr.FontNotFoundError, match=PACKAGE):
        first_existing((tmp_path / "none.ttf",))


def test_the_second_symbol_stands_beside_the_code_with_its_words() -> None:
    shapes = lay_out(spec(mini_program_code=symbol()), square)
    (code,) = [shape.box for shape in shapes if isinstance(shape, Code)]
    (second,) = [shape.box for shape in shapes if isinstance(shape, SecondCode)]
    assert second.x - code.right >= 20
    assert second.y + second.height / 2 == pytest.approx(code.y + code.height / 2, 2)
    (words,) = [s for s in shapes if isinstance(s, Text) and "小程序码" in s.text]
    assert second.bottom < words.baseline < second.bottom + 10


def test_both_symbols_are_printed_and_the_code_is_read_back() -> None:
    both = spec(mini_program_code=symbol())
    drawn = Image.open(io.BytesIO(qr.render_poster_png(both, dpi=100)))
    document = pypdfium2.PdfDocument(qr.render_poster_pdf([both]))
    printed = document[0].render(scale=100 / 72).to_pil()
    document.close()
    (box,) = [s.box for s in lay_out(both, square) if isinstance(s, SecondCode)]
    middle = [
        round((box.x + box.width / 2) / 25.4 * 100),
        round((box.y + box.height / 2) / 25.4 * 100),
    ]
    for picture in (drawn, printed):
        assert read(picture) == URL
        assert picture.convert("RGB").getpixel((middle[0], middle[1])) == pytest.approx(
            (90, 90, 90), abs=4
        )


@pytest.mark.parametrize("data", [b"", b"no picture", symbol()[:200]])
@pytest.mark.parametrize(
    "render", [qr.render_poster_png, lambda one: qr.render_poster_pdf([one])]
)
def test_a_second_symbol_that_is_no_picture_is_refused(
    data: bytes, render: Callable[[qr.PosterSpec], bytes]
) -> None:
    with pytest.raises(qr.PictureError, match="不是能打开的图片"):
        render(spec(mini_program_code=data))
