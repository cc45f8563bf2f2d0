from __future__ import annotations

import pytest

from backend.domain.registry_answers import Answer, find_columns, read_answer


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("", Answer.NOTHING_YET),
        ("未校对", Answer.NOTHING_YET),
        ("图像未显示", Answer.NOTHING_YET),
        ("图像已显示", Answer.ACCEPTED),
        ("校对无误", Answer.ACCEPTED),
        (" 校对\u3000无误 ", Answer.ACCEPTED),
        ("比对通过", Answer.ACCEPTED),
        ("校对有误", Answer.PROOF_WRONG),
        ("信息有误", Answer.PROOF_WRONG),
        ("图像错误", Answer.PICTURE_WRONG),
        ("比对未通过", Answer.COMPARISON_FAILED),
        ("身份核验未通过", Answer.COMPARISON_FAILED),
        ("人像不一致", Answer.COMPARISON_FAILED),
        ("身份核验不确定", Answer.UNCERTAIN),
        ("身份核验异常", Answer.ABNORMAL),
        ("转学", None),
    ],
)
def test_the_words_of_the_platform_are_understood(
    words: str, answer: Answer | None
) -> None:
    assert read_answer(words) is answer


def test_only_wrong_and_failed_send_back() -> None:
    kept = {answer for answer in Answer if not answer.sends_back}
    assert kept == {Answer.ACCEPTED, Answer.NOTHING_YET}


@pytest.mark.parametrize(
    ("cells", "columns"),
    [
        (("KSH", "XH", "SFZH", "BZ"), {"exam_no": 0, "student_no": 1, "id_number": 2, "answer": 3}),
        (("\ufeff学 号", "姓名", "校对结果"), {"student_no": 0, "answer": 2}),
        (("学号", "姓名"), None),
        (("姓名", "bz"), None),
        ((), None),
    ],
)  # fmt: skip
def test_columns_are_known_by_the_registers_names_and_the_chinese_ones(
    cells: tuple[str, ...], columns: dict[str, int] | None
) -> None:
    assert find_columns(cells) == columns
