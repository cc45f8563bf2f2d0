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
        "export_too_large": (
            "要导出的记录太多了，一张表放不下",
            "请先按批次或函授站缩小范围，再导出。",
        ),
        "no_live_entries": (
            "这个批次没有可以打印的入口",
            "请先为函授站建立入口，再打印海报。",
        ),
        # Signing in.
        "not_signed_in": ("还没有登录", "请重新扫描海报上的二维码进入。"),
        "session_expired": ("登录已过期", "请重新进入；已提交的内容不会丢。"),
        "csrf_failed": (
            "页面打开得太久，已失效",
            "请返回上一页，刷新后再提交一次。",
        ),
        "wrong_credentials": ("用户名或密码不对", "请检查后重试。"),
        "totp_required": ("还需要验证码", "请填写验证器应用里的 6 位数字。"),
        "totp_wrong": (
            "验证码不对，或已经用过",
            "请等验证器应用换一个新的 6 位数字再填；手机不在身边时可以填一个恢复码。",
        ),
        "totp_enrolment_required": (
            "管理员要先设置两步验证",
            "请用浏览器登录管理台，按页面提示设置。",
        ),
        "totp_enrolled": ("已经设置过两步验证", "要换手机，请先停用，再重新设置。"),
        "totp_not_begun": ("设置已经失效", "请刷新页面，重新开始设置。"),
        "totp_not_enrolled": ("这个账号没有设置两步验证", "请刷新页面查看现状。"),
        "sign_in_step_over": ("登录等待得太久，已失效", "请重新输入用户名和密码。"),
        "session_not_found": ("这次登录已经结束", "请刷新页面查看现状。"),
        "last_admin": (
            "这是最后一个能用的管理员账号",
            "请先让另一个人成为管理员，再停用或更改这个账号。",
        ),
        "staff_disabled": ("这个账号已停用", "请先启用，再重设密码。"),
        "invitation_not_found": (
            "没有找到这个邀请",
            "请检查邀请码是否复制完整，或请管理员重新发一个链接。",
        ),
        "invitation_over": (
            "这个邀请已用过、已撤回或已过期",
            "请管理员重新发一个链接；已经设好密码的，请直接登录。",
        ),
        "invitation_open": (
            "这个用户名已经有一个未使用的邀请",
            "请在“未使用的邀请”里重新发链接，或先撤回它。",
        ),
        "audit_export_too_large": (
            "记录太多，一次最多导出 {most} 条",
            "请用日期缩小范围后再导出。",
        ),
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
        "window_not_open": (
            "还没有轮到您采集",
            "您的采集从 {opens_at} 开始，到时再来，不用重新绑定。",
        ),
        "window_closed": (
            "您的采集时间已经过了",
            "请尽快联系函授站，说明情况并申请补采。",
        ),
        "window_exists": (
            "这些学生已经有一条采集时间",
            "请直接修改那一条，或换一个范围。",
        ),
        "window_not_found": ("没有这条采集时间", "请刷新页面查看现状。"),
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
        "campaign_not_found": ("没有这个批次", "请返回上一页。"),
        "station_not_found": ("没有这个函授站", "请返回上一页。"),
        "reading_not_found": (
            "采集码的读取结果已失效",
            "请重新上传采集码图片。",
        ),
        "campaign_name_taken": ("已有同名的批次", "请换一个名称。"),
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
        "batch_not_found": ("没有这个批量上传", "请返回列表。"),
        "batch_list_lost_digits": (
            "对照表第 {row} 行的号码丢了末尾几位",
            "请把号码那一列设为“文本”格式，重新填写后再上传。",
        ),
        "batch_list_empty": (
            "对照表里没有文件名和号码",
            "第一列写文件名，第二列写学号、考生号、身份证号或采集码。",
        ),
        "archive_missing": ("没有收到 ZIP 文件", "请选择一个 ZIP 文件再上传。"),
        "batch_empty": ("里面没有文件", "请选择装有照片的文件夹或 ZIP。"),
        "archive_unreadable": (
            "这个文件不是能打开的 ZIP",
            "请用电脑自带的压缩功能重新打包成 ZIP 再上传；RAR、7z 请先解压。",
        ),
        "archive_encrypted": (
            "这个 ZIP 设了密码",
            "请去掉密码重新打包。",
        ),
        "archive_too_many_files": (
            "ZIP 里的文件太多",
            "一个 ZIP 最多 5000 个文件，请按班级分开打包。",
        ),
        "archive_grows": (
            "ZIP 解压后大得不正常",
            "照片压缩后不会小很多。请只打包照片原文件，再上传。",
        ),
        "student_not_found": (
            "没有这个学生",
            "请确认批次和函授站；名册里没有的学生请联系管理员补录。",
        ),
        "staff_not_found": ("没有这个账号", "请检查用户名。"),
        "username_taken": ("这个用户名已被使用", "请换一个用户名。"),
        # Rosters.
        "exempt_has_portrait": (
            "这名学生的照片已经审核通过，不能设为免采",
            "确实不要照片的，请先退回照片。",
        ),
        "carry_over_same": ("不能结转到同一个批次", "请选择另一个批次。"),
        "import_not_found": ("没有这次导入", "请返回名册页面。"),
        "import_not_ready": (
            "这次导入正在处理，或已经结束",
            "请刷新页面查看现状。",
        ),
        "import_has_errors": (
            "有 {rows} 行有错误，没有导入",
            "请改好后重新上传，或选择“只导入没有错误的行”。",
        ),
        "import_nothing": (
            "没有可以导入的行",
            "请检查列的对应关系和问题清单，改好后重新上传。",
        ),
        "roster_changed": (
            "名册在检查之后又有变化，没有导入任何一行",
            "请保存一次列的对应关系，重新检查后再导入。",
        ),
        # Sheets.
        "sheet_missing": ("没有收到文件", "请选择 .xlsx、.xls 或 .csv 文件再上传。"),
        "sheet_unknown": (
            "这不是表格文件",
            "请上传 .xlsx、.xls 或 .csv 文件，不要只改扩展名。",
        ),
        "sheet_damaged": (
            "表格文件不完整或已损坏",
            "请用表格软件打开，另存为 .xlsx 后再上传。",
        ),
        "sheet_encrypted": ("表格文件有密码", "请去掉打开密码，保存后再上传。"),
        "sheet_empty": ("表格里没有内容", "请检查文件；要导入的表不能隐藏。"),
        "sheet_inflates": (
            "表格解开后太大，没有读取",
            "请只保留名册这一张表，另存为新文件后再上传。",
        ),
        "sheet_suspicious": (
            "表格里有不该有的内容，没有读取",
            "请用表格软件打开，另存为 .xlsx 后再上传。",
        ),
        "sheet_too_large": (
            "文件太大了，最多 {megabytes} MB",
            "请去掉图片和多余的表，或分成几个文件。",
        ),
        "sheet_too_many_rows": ("表格的行太多，最多 {rows} 行", "请分成几个文件上传。"),
        "sheet_too_many_columns": (
            "表格的列太多，最多 {columns} 列",
            "请删去不需要的列。",
        ),
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
        "background_due": (
            "背景还没有处理好",
            "请先换好背景、看过效果，再确认或通过；审核时也可以退回照片。",
        ),
        "background_busy": (
            "正在为其他照片更换背景",
            "照片已经保存，请在 {retry_after} 秒后再试。",
        ),
        "background_not_agreed": (
            "背景已经更换，需要您看过并同意",
            "请对比更换前后的照片，选好用哪一张再确认；刚刚换过选择的，请刷新页面。",
        ),
        "background_not_replaced": (
            "这张照片没有更换过背景，没有另一张可选",
            "请直接用现在的成品照，或按提示重拍。",
        ),
        "own_background_not_acceptable": (
            "原背景不合格，不能选用",
            "请使用标准背景，或按提示换一面干净的墙、在光线均匀处重拍。",
        ),
        "review_not_needed": (
            "这张照片不需要申请人工审核",
            "请直接确认提交。",
        ),
        "stale_decision": (
            "这条记录刚刚被别人改过",
            "请刷新页面，看过最新状态后再决定。",
        ),
        "review_claimed": (
            "另一位审核员正在看这张照片",
            "请看下一张；对方离开或超过 10 分钟后，这张会重新排队。",
        ),
        "undo_not_yours": ("只能撤销自己的决定", "请联系作出决定的审核员。"),
        "undo_too_late": (
            "已超过一分钟，不能撤销",
            "已通过的照片仍可以退回；已退回的请学生重新提交。",
        ),
        "checklist_open": (
            "还有条目没有核对",
            "请对照照片逐项核对，全部符合才能通过；有不符合的请退回。",
        ),
        "reasons_required": ("请说明退回的原因", "至少选择一个原因或写一句说明。"),
        # Deliveries.
        "delivery_not_found": ("没有找到这次交付", "请从“交付”页面重新打开。"),
        "delivery_has_problems": (
            "有 {count} 张照片不能放进交付包",
            "请先处理列出的问题，或者勾选“有问题的先不交付”。",
        ),
        "nothing_to_deliver": (
            "没有可以交付的新照片",
            "只有审核通过、还没有交付过的照片会放进新的交付包。",
        ),
        "delivery_raced": (
            "有照片刚刚变了状态，这次没有做任何改动",
            "请刷新页面，看过最新的数字再操作。",
        ),
        "delivery_answered": (
            "学信网已经有了答复，这次交付不能撤销",
            "需要更换的照片，请导入返回名单，学生重交后再做一次新的交付。",
        ),
        "delivery_cancelled": ("这次交付已经撤销", "请下载后来的交付包。"),
        "delivery_purged": (
            "照片已按保存期限删除，不能再下载",
            "请使用当时下载的交付包。",
        ),
        "delivery_incomplete": (
            "有 {count} 个文件缺失，交付包不完整，没有下载",
            "请联系系统管理员检查存储或从备份恢复，再下载。",
        ),
        "no_codes": ("这里还没有人绑定采集码", "学生绑定采集码以后再下载。"),
        "returned_list_not_found": ("没有找到这份返回名单", "请重新上传。"),
        "returned_list_missing": ("没有收到名单文件", "请选择文件后再上传。"),
        "returned_list_columns": (
            "表里没有找到需要的列",
            "要有一列是学号、考生号或身份证号，一列是结果（bz、备注、校对结果等）。",
        ),
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
        "album_not_allowed": (
            "这一批只能现场拍照，不能从相册选",
            "请用手机相机现拍一张。",
        ),
        "photo_missing": ("没有收到照片", "请选择或拍摄一张照片后再上传。"),
    }
)

#: What stands in a sentence when the error does not say.
_DEFAULTS: Final = {
    "most": "100000",
    "retry_after": "60",
    "opens_at": "通知的时间",
    "level": "本次毕业",
    "format": "这种",
    "megapixels": "60",
    "megabytes": "40",
    "rows": "300000",
    "columns": "200",
    "row": "…",
    "count": "几",
}

VIOLATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "checklist_open": "还没有核对",
        "consent_required": "需要勾选这一项才能继续",
        "background_not_chosen": "请选保留原来的背景，还是换成标准背景",
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
        "query_not_understood": "看不懂要找什么：请写姓名、学号、考生号、证书编号、身份证号"
        "（全号或后六位）、采集码或码印",
        "reason_required": "请写明原因（200 字以内）",
        "wrong_password": "原密码不对",
        "password_length": "至少 12 个字符，最多 200 个；一句自己记得住的话就很好",
        "password_common": "这个密码太常见，别人会先试它；请换一句只有自己想得到的话",
        "password_personal": "不要只用用户名、姓名或学校的名字；请换一句别的话",
        "password_repeated": "不要用重复或连续的字符；请换一句自己记得住的话",
        "username_invalid": "用户名只能用字母、数字和 - . _",
        "file_name_invalid": "文件名应为 5 到 40 个字母、数字或下划线，以 .txt 结尾",
        "file_content_invalid": "内容应为一行 128 个字符以内的字母、数字或符号",
        "number_characters": "只能有字母、数字和短横线",
        "year_unreadable": "请填写四位年份",
        "year_of_other_campaign": "不是本批次的毕业届",
        "grace_past": "请填写将来的时间",
        "reason_short": "请写明原因（100 字以内）",
        "years_invalid": "请填写四位年份，多个用逗号隔开",
        "closes_before_opens": "截止时间应晚于开始时间",
        "policy_not_found": "请从列表里选择",
        "notice_version_same": "告知内容改了，请换一个版本号，学生会重新阅读并同意",
        "window_for_all": "至少选一个：毕业届、层次或函授站",
        "naming_not_allowed": "给采集单位的文件只能用流水号，学校留用的请选别的命名",
        "pattern_invalid": "格式里要有花括号里的项目，如 {函授站}/{学号}_{姓名}，不能用 : * ? 等字符",
        "pattern_unknown_field": "花括号里有不认识的项目",
        "station_of_role": "函授站账号要指定函授站，其他账号不要指定",
    }
)

FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "portrait": "人像照片采集",
        "photo": "照片",
        "picture": "采集码图片",
        "text": "采集码文字",
        "query": "查找",
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
        "totp": "验证码",
        "station": "函授站",
        "school_name": "学校名称",
        "school_code": "学校代码",
        "graduating_years": "毕业届",
        "graduating_year": "毕业届",
        "opens_at": "开始时间",
        "closes_at": "截止时间",
        "policy": "照片规范",
        "background": "背景",
        "notice_version": "告知版本",
        "notice_text": "告知内容",
        "retention_text": "保存期限",
        "scope": "范围",
        "grace_until": "宽限到",
        "student_no": "学号",
        "level": "层次",
        "major": "专业",
        "exam_no": "考生号",
        "certificate_no": "证书编号",
        "study_form": "学习形式",
        "class_no": "班级",
        "naming": "文件命名",
        "pattern": "自定格式",
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
