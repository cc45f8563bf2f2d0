"""The words every poster has unless a station gives its own."""

from __future__ import annotations

from typing import Final

TITLE: Final = "毕业证书照片采集"
SCAN: Final = "微信扫一扫，开始采集"
STEPS: Final = (
    ("扫码进入", "打开微信，扫描上方二维码"),
    ("上传采集码", "在学信网查看本人学籍的图像采集码，保存原图"),
    ("拍照检查", "手机拍照或选照片，一秒告诉您合不合格"),
    ("确认提交", "看过成品照再确认，随时回来查看进度"),
)
PRIVACY: Final = (
    "照片与身份信息只用于毕业信息采集、学信网注册和证书印制，到期删除。"
    "不方便使用手机的，可以到函授站现场拍摄。"
)
CONTACT: Final = "咨询："
CANNOT_SCAN: Final = "扫不了码？在手机浏览器输入："
WINDOW: Final = "采集时间："
