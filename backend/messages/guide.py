"""Where a student finds the collection code: the three ways of the notice's annex 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One thing to do, and the drawing that shows it."""

    text: str
    picture: str


@dataclass(frozen=True, slots=True)
class GuideWay:
    """One of the three ways; ``key`` is stable."""

    key: str
    title: str
    lead: str
    steps: tuple[GuideStep, ...]


_CHOOSE: Final = GuideStep("选择这次要毕业的学籍。", "guide-choose.svg")
_CODE: Final = GuideStep("查看“图像采集码”，长按图片保存到手机相册。", "guide-code.svg")

WAYS: Final = (
    GuideWay(
        "archive",
        "方法一：学信网“学信档案”",
        "手机和电脑的浏览器都可以，步骤一样。",
        (
            GuideStep("打开学信网，登录“学信档案”。", "guide-login-web.svg"),
            GuideStep("查看本人的学籍信息。", "guide-archive.svg"),
            _CHOOSE,
            _CODE,
        ),
    ),
    GuideWay(
        "wechat",
        "方法二：微信公众号“学信网”",
        "在微信里就能完成。",
        (
            GuideStep("在微信搜索公众号“学信网”并关注。", "guide-follow.svg"),
            GuideStep(
                "打开菜单“学信账号”，绑定学信网账号，再查看学籍/学历信息。",
                "guide-menu.svg",
            ),
            _CHOOSE,
            _CODE,
        ),
    ),
    GuideWay(
        "app",
        "方法三：学信网 APP",
        "",
        (
            GuideStep("打开学信网 APP 并登录。", "guide-login-app.svg"),
            GuideStep("打开“学籍查询”。", "guide-app-home.svg"),
            _CHOOSE,
            _CODE,
        ),
    ),
)
