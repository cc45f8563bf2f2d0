"""The words every poster has unless a station gives its own."""

from __future__ import annotations

from typing import Final

TITLE: Final = "毕业证书照片采集"
SCAN: Final = "微信扫一扫，开始采集"
MINI_PROGRAM: Final = "也可以扫小程序码"
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
STATION_CODE: Final = "函授站代码 {code} · "

# What is wrong with the texts of a poster; ``name`` is the column of the CSV.
EMPTY: Final = "{name} 没有填写"
TOO_LONG: Final = "{name} 超过 {most} 个字"
NO_ADDRESS: Final = "url 要以 https:// 或 http:// 开头"
BAD_ADDRESS: Final = "url 最多 {most} 个字符，只能用英文字母、数字和符号，不能有空格"
STEP_COUNT: Final = "步骤应当正好 {count} 步"
NO_PICTURE: Final = "小程序码不是能打开的图片"
# What is wrong with the CSV itself.
BAD_ROW: Final = "第 {number} 行：{problems}"
NO_COLUMNS: Final = "表头缺少这些列：{names}"
NO_ROWS: Final = "表里没有一行数据"
NOT_TEXT: Final = "文件不是 UTF-8 或 GB18030 编码的 CSV，请另存为“CSV UTF-8”再试"
CANNOT_READ: Final = "读不了 {path}：{why}"
CANNOT_WRITE: Final = "写不了 {path}：{why}"
DONE: Final = "{count} 张海报 → {path}"

# The sheet of pictures.
PAGE: Final = "第 {} 页，共 {} 页"
SIGN_HERE: Final = "本人签名："
EMPTY_SHEET: Final = "核对表里没有人"
NO_SHEET_PICTURE: Final = "有一张照片打不开"
