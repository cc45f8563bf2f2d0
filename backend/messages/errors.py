"""What an error code means to a person: what happened and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from backend.domain.errors import Violation


@dataclass(frozen=True, slots=True)
class ErrorText:
    """One sentence on what happened, one on what to do."""

    title: str
    todo: str


_AGAIN = "请稍后再试；如果一直这样，请联系函授站。"
_CARD = "请打开学信网的图像采集码页面，长按二维码保存原图，再上传。"
_PHOTO = "请用手机相机重新拍一张，或换一张 JPG、PNG、HEIC、WebP 格式的照片。"

TEXTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        # Requests.
        "malformed_request": ("请求的内容看不懂", "请返回上一页重试。"),
        "invalid_input": ("有几项没有填对", "请按提示修改后再提交。"),
        "page_not_found": (
            "没有找到这个页面",
            "请重新扫描海报上的二维码，或检查网址是否完整。",
        ),
        "method_not_allowed": ("这个地址不支持这样的操作", "请返回上一页重试。"),
        "upload_too_large": (
            "文件太大了，最多 10 MB",
            "请把手机相机的分辨率调低一些再拍，或用微信发送时不选“原图”后再上传。",
        ),
        "unsupported_media_type": ("提交的格式不对", "请返回上一页重试。"),
        "internal_error": ("服务出了点问题，您已提交的内容不受影响", _AGAIN),
        "database_unavailable": ("服务暂时忙不过来", _AGAIN),
        "storage_unavailable": ("照片暂时无法保存", _AGAIN),
        "queue_unavailable": ("任务队列暂时不可用", _AGAIN),
        "storage_damaged": ("保存的文件已损坏", "请联系函授站，由学校检查存储。"),
        "file_not_found": ("没有找到这个文件", "它可能已按规定删除，请刷新页面。"),
        "face_model_unavailable": ("照片检查暂时不可用", _AGAIN),
        "idempotency_key_reused": (
            "同一个 Idempotency-Key 用在了不同的请求上",
            "请为每个新请求换一个新的 Idempotency-Key。",
        ),
        "idempotency_key_invalid": (
            "Idempotency-Key 应为 1 到 100 个可见 ASCII 字符",
            "请改用 UUID。",
        ),
        # Signing in.
        "not_signed_in": ("还没有登录", "请重新扫描海报上的二维码进入。"),
        "session_expired": ("登录已过期", "请重新进入；已提交的内容不会丢。"),
        "csrf_failed": (
            "页面打开得太久，已失效",
            "请返回上一页，刷新后再提交一次。",
        ),
        "wrong_credentials": ("用户名或密码不对", "请检查后重试。"),
        "role_not_allowed": ("您的账号没有这项权限", "需要时请联系学院管理员。"),
        "too_many_attempts": (
            "尝试次数太多了",
            "请在 {retry_after} 秒后再试。",
        ),
        # Retention and deleting.
        "erasure_settled": (
            "照片已经审核通过，现在不能删除",
            "毕业证书和学信网登记要用它，到期由系统自动删除；照片有误请联系函授站退回。",
        ),
        "receipt_not_found": (
            "没有找到这个回执",
            "请核对回执号；回执只能在当时使用的手机和浏览器里再次打开。",
        ),
        "retention_deletes": (
            "改短以后，下一次清理会多删除数据：{rows} 条",
            "删除以后不能恢复。确实要这样，请勾选确认后再保存。",
        ),
        # WeChat.
        "wechat_code_invalid": (
            "微信登录没有成功",
            "登录凭证只能用一次，几分钟内有效。请重新进入再试一次。",
        ),
        "wechat_user_blocked": (
            "微信限制了这个账号登录",
            "请在微信中查看账号状态，或换一个微信号；也可以到函授站现场采集。",
        ),
        "wechat_snapshot_user": (
            "当前是微信的预览页面，不能登录",
            "请点页面右下角的“使用完整服务”，再继续。",
        ),
        "wechat_declined": (
            "没有登录微信",
            "可以再登录一次，也可以不登录继续办理。",
        ),
        "wechat_sign_in_lost": (
            "这次微信登录已失效",
            "请重新扫描海报上的二维码进入；已提交的内容不会丢。",
        ),
        "wechat_busy": ("微信那边暂时忙不过来", "请在 {retry_after} 秒后再试。"),
        "wechat_unreachable": ("暂时联系不上微信", _AGAIN),
        "wechat_misconfigured": (
            "学校与微信的对接设置有误",
            "请联系函授站，由学校检查微信的设置；已提交的内容不受影响。",
        ),
        "wechat_not_configured": (
            "学校没有开通这个微信入口",
            "请用微信扫描海报上的二维码进入。",
        ),
        "wechat_page_unknown": (
            "小程序里没有这个页面，或者还没有发布",
            "请先发布小程序，再生成小程序码。",
        ),
        "wechat_scene_invalid": ("这个入口不能做成小程序码", "请更换入口后再试。"),
        "wechat_user_inactive": (
            "这个微信用户近两小时没有用过小程序",
            "请由工作人员查看照片。",
        ),
        "push_signature_invalid": (
            "这条推送不是微信发来的",
            "请核对消息推送的 Token、EncodingAESKey 和服务器时间。",
        ),
        "push_too_large": ("推送的内容太大", "微信的事件不会超过 64 KB。"),
        "quarantined": (
            "微信判断这张照片可能含有违规内容，已隔离",
            "请管理员查看照片：没有问题的解除隔离，有问题的退回。",
        ),
        "not_quarantined": ("这张照片没有被隔离", "请刷新页面查看现状。"),
        "foreign_page": (
            "只能为本服务的页面签名",
            "请传入当前页面的完整网址，不含 # 之后的部分。",
        ),
        # Entries and campaigns.
        "entry_not_found": (
            "没有这个采集入口",
            "请重新扫描函授站海报上的二维码；如果海报破损，请向函授站要新的。",
        ),
        "entry_replaced": (
            "这个二维码已停用，换成了新的",
            "请向函授站要新海报，扫描新的二维码。",
        ),
        "entry_retired": ("这个采集入口已停用", "请联系函授站。"),
        "campaign_not_open": ("采集还没有开始", "请在开放时间内再来，海报不用换。"),
        "campaign_closed": (
            "这一批采集已经结束",
            "请尽快联系函授站，说明情况并申请补采。",
        ),
        "consent_required": (
            "还没有同意信息采集告知",
            "请先阅读告知，勾选两项同意后再继续。",
        ),
        # Records.
        "message_not_found": (
            "没有这条发送失败的消息",
            "它可能已经重新发出，请刷新页面。",
        ),
        "binding_not_found": ("没有找到这条绑定", "请从“我的”页面重新进入。"),
        "submission_not_found": ("没有找到这张照片", "请从“我的”页面重新进入。"),
        "policy_not_found": ("没有这份照片规范", "请检查名称。"),
        "record_not_found": ("没有找到这条记录", "请返回查询页面。"),
        "campaign_not_found": ("没有这个采集批次", "请返回上一页。"),
        "station_not_found": ("没有这个函授站", "请返回上一页。"),
        "reading_not_found": (
            "采集码的读取结果已失效",
            "请重新上传采集码图片。",
        ),
        "campaign_name_taken": ("已有同名的采集批次", "请换一个名称。"),
        "student_no_taken": (
            "名册里有重复的学号或采集码",
            "请检查名册，每个学号和采集码只能出现一次。",
        ),
        "station_code_taken": ("这个函授站代码已被使用", "请换一个代码。"),
        "entry_exists": (
            "这个函授站在本批次已有启用的入口",
            "需要换新二维码时，请用“更换入口”。",
        ),
        "entry_already_ended": ("这个入口已经停用", "请刷新页面查看现状。"),
        "staff_not_found": ("没有这个账号", "请检查用户名。"),
        "username_taken": ("这个用户名已被使用", "请换一个用户名。"),
        # Collection codes.
        "code_is_station_poster": (
            "这是函授站的入口二维码",
            "请打开学信网的图像采集码页面，长按二维码保存原图，再上传。",
        ),
        "code_is_web_address": ("这是一个网址，不是采集码", _CARD),
        "code_is_payment": ("这是付款或收款码", "请不要付款。" + _CARD),
        "code_is_wechat": (
            "这是微信的二维码",
            "请不要用微信名片、群或公众号的码。" + _CARD,
        ),
        "code_is_identity_number": (
            "这是身份证号，不是采集码",
            "请不要在这里填写身份证号。" + _CARD,
        ),
        "code_is_phone_number": ("这是手机号，不是采集码", _CARD),
        "code_is_number": (
            "这是一串数字，不是采集码",
            "学号、考生号不能代替采集码。" + _CARD,
        ),
        "code_too_short": (
            "内容太短，不是完整的采集码",
            "请完整复制，或直接上传采集码图片。",
        ),
        "code_too_long": (
            "内容太长，不是采集码",
            "请只粘贴采集码的内容，或直接上传采集码图片。",
        ),
        "code_not_understood": ("无法识别为采集码", _CARD),
        "no_code_in_picture": (
            "图片里没有找到二维码",
            "二维码要完整、没有遮挡。" + _CARD,
        ),
        "several_codes_in_picture": (
            "图片里有几个不同的采集码",
            "请裁剪到只剩要用的那一个，再上传。",
        ),
        "code_too_blurred": (
            "二维码太模糊，读不出来",
            "不要翻拍，也不要用转发来的缩略图。" + _CARD,
        ),
        # Binding.
        "identity_mismatch": (
            "采集码与填写的信息对不上",
            "请核对姓名和身份证号后 6 位，并确认采集码是您本人、本次毕业的学籍。",
        ),
        "name_required": ("还需要填写姓名", "这个采集码里没有姓名，请填写本人姓名。"),
        "code_of_other_school": (
            "这是其他学校的采集码",
            "请在学信网选择本校的学籍，查看并保存它的采集码。",
        ),
        "code_of_other_enrolment": (
            "这是您另一个学籍的采集码",
            "请在学信网选择{level}学籍，查看并保存它的采集码。",
        ),
        "code_taken": (
            "这个采集码已经被别人绑定",
            "如果这确实是您的采集码，请联系函授站核实并解除绑定。",
        ),
        "student_taken": (
            "这个学籍已经由别的微信或浏览器绑定",
            "请用原来的手机打开；换了手机的，请联系函授站解除绑定。",
        ),
        "student_has_other_code": (
            "这个学籍已经绑定了另一个采集码",
            "需要更换时，请在“我的”页面选择更换采集码。",
        ),
        "code_differs_from_roster": (
            "采集码与学校名册里登记的不一致",
            "请确认选对了学籍；没有选错的，请联系函授站核对。",
        ),
        "exempt": (
            "学校登记您不需要采集照片",
            "如有疑问，请联系函授站。",
        ),
        "too_many_bindings": (
            "这个手机绑定的学籍已达上限",
            "请换一个手机或浏览器继续。",
        ),
        "code_locked": (
            "照片确认以后不能自己更换采集码",
            "请联系函授站，由工作人员更换。",
        ),
        # Submissions.
        "binding_released": (
            "这条绑定已经解除，照片不再审核",
            "学生重新绑定并提交后，再审核新的照片。",
        ),
        "submission_settled": (
            "照片已经审核通过",
            "需要更换时，请联系函授站，由工作人员退回后再提交。",
        ),
        "illegal_transition": (
            "这张照片的状态已经变了",
            "请刷新页面，按最新状态操作。",
        ),
        "photo_not_acceptable": (
            "这张照片还不合格，不能确认提交",
            "请按提示重拍；认为判断有误的，可以申请人工审核。",
        ),
        "review_not_needed": (
            "这张照片不需要申请人工审核",
            "请直接确认提交。",
        ),
        "stale_decision": (
            "这条记录刚刚被别人改过",
            "请刷新页面，看过最新状态后再决定。",
        ),
        "checklist_open": (
            "还有条目没有核对",
            "请对照照片逐项核对，全部符合才能通过；有不符合的请退回。",
        ),
        "reasons_required": ("请说明退回的原因", "至少选择一个原因或写一句说明。"),
        # Pictures.
        "not_a_picture": ("这不是照片文件", _PHOTO),
        "unsupported_format": ("不支持 {format} 格式的文件", _PHOTO),
        "picture_damaged": (
            "照片文件不完整或已损坏",
            "可能没有传完或没有下载完。请重新选择原图上传，或重新拍一张。",
        ),
        "too_many_pixels": (
            "照片太大，超过 {megapixels} 百万像素",
            "请把手机相机的分辨率调低一些，重新拍。",
        ),
        "picture_too_small": ("照片太小，看不清", "请上传原图，不要用缩略图或截图。"),
        "animated_picture": ("这是会动的图片", "请上传普通的静态照片。"),
        "frame_not_jpeg": ("预览画面应为 JPEG", "请刷新页面，或直接选照片上传。"),
        "frame_too_large": ("预览画面太大", "请缩到长边 640 像素左右再发送。"),
        "frame_of_other_shape": (
            "预览画面与镜头的宽高对不上",
            "请按镜头画面原样缩小，并如实填写镜头的宽和高。",
        ),
        "guidance_busy": (
            "提示正忙，不影响拍照",
            "可以照着轮廓直接拍，提示过一会儿会恢复。",
        ),
        "guidance_too_fast": (
            "预览画面发得太快",
            "每秒最多两次，请在 {retry_after} 秒后再发。",
        ),
        "photo_missing": ("没有收到照片", "请选择或拍摄一张照片后再上传。"),
    }
)

#: What stands in a sentence when the error does not say.
_DEFAULTS: Final = {
    "retry_after": "60",
    "level": "本次毕业",
    "format": "这种",
    "megapixels": "60",
    "rows": "一些",
}

VIOLATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "checklist_open": "还没有核对",
        "consent_required": "需要勾选这一项才能继续",
        "required": "请填写这一项",
        "too_long": "太长了，请缩短",
        "invalid_field": "这一项的格式不对",
        "id_number_length": "应为 18 位",
        "id_number_fifteen_digits": "15 位身份证号已停用，请填写 18 位号码",
        "id_number_characters": "前 17 位为数字，末位为数字或 X",
        "id_number_birth_date": "其中的出生日期不存在，请核对第 7 至 14 位",
        "id_number_checksum": "校验不通过，至少有一位不对，请逐位核对",
        "id_number_other_paper": "请填写 6 至 18 位字母或数字",
        "id_last6_format": "请填写 6 位，末位的 X 也要填",
        "retention_days": "请填写 1 到 3650 之间的整数",
        "retention_order": "不能比前面几项短：成品照不短于原图，身份信息最后删除",
        "reason_required": "请写明原因（200 字以内）",
        "wrong_password": "原密码不对",
        "password_length": "新密码至少 10 个字符",
        "username_invalid": "用户名只能用字母、数字和 - . _",
        "file_name_invalid": "文件名应为 5 到 40 个字母、数字或下划线，以 .txt 结尾",
        "file_content_invalid": "内容应为一行 128 个字符以内的字母、数字或符号",
        "station_of_role": "函授站账号要指定函授站，其他账号不要指定",
    }
)

FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "portrait": "人像照片采集",
        "photo": "照片",
        "picture": "采集码图片",
        "text": "采集码文字",
        "identity_number": "身份证号使用",
        "id_last6": "身份证号后 6 位",
        "id_number": "身份证号",
        "name": "姓名",
        "code": "代码",
        "address": "地址",
        "contact": "联系方式",
        "reason": "原因",
        "username": "用户名",
        "display_name": "姓名",
        "password": "密码",
        "old_password": "原密码",
        "new_password": "新密码",
        "station": "函授站",
        "file_name": "文件名",
        "file_content": "内容",
        "discarded": "没有采用的照片",
        "originals": "原图和标注图",
        "cards": "采集码图片",
        "messages": "微信消息记录",
        "portraits": "成品照和检查结果",
        "identities": "身份信息和采集码",
    }
)


def error_text(code: str, data: Mapping[str, Any] | None = None) -> ErrorText:
    """Return the words for an error code; an unknown code reads as an internal error."""
    title, todo = TEXTS.get(code, TEXTS["internal_error"])
    values = {**_DEFAULTS, **(data or {})}
    return ErrorText(title.format_map(values), todo.format_map(values))


def violation_sentence(violation: Violation) -> str:
    """Return one sentence to stand beside its field."""
    return VIOLATIONS.get(violation.code) or error_text(violation.code).title


def violation_text(violation: Violation) -> str:
    """Return one sentence on one field, named as on the form."""
    field = FIELDS.get(violation.field, violation.field)
    return f"{field}：{violation_sentence(violation)}"
