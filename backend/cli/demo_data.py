"""The demonstration's school, stations and students: all invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from backend.domain.codes import Claims, encode_claims, parse_collection_code
from backend.domain.identity import check_character
from backend.imaging.sample_card import draw_sample_card
from backend.services import Services
from backend.services.roster import NewCampaign, NewStudent
from backend.services.staff import OPERATOR

SCHOOL: Final = "示例职业学院"
SCHOOL_CODE: Final = "99999"
STATIONS: Final = (
    ("ZD01", "样例市第一函授站", "样例市测试路 1 号", "演示老师 000-0000001"),
    ("ZD02", "样例市第二函授站", "样例市测试路 2 号", "演示老师 000-0000002"),
)
_NAMES: Final = (
    "张样例", "李测试", "王示范", "赵演示", "陈模拟", "周假设",
    "吴虚构", "郑范本", "冯试用", "褚样本", "卫练习", "蒋例子",
)  # fmt: skip
_LEVELS: Final = ("专升本", "高起专")
_MAJORS: Final = ("保险学", "会计学", "工商管理")
_NOTICE: Final = """一、我们为什么收集：学校要为您在学信网办理毕业证书电子注册，并把照片印在毕业证书上。
二、收集什么：本人近期正面免冠照片、学信网图像采集码、姓名和身份证号后 6 位。
三、怎么用：只用于核对身份、检查照片是否合格、提交学信网和印制毕业证书，不作他用，不做人脸识别比对。
四、保存多久：见下方保存期限；到期由系统自动删除。
五、您的权利：可以随时查看、撤回和删除自己提交的内容；不愿意在网上提交的，可以到函授站现场拍摄。"""


def demo_students() -> list[NewStudent]:
    """Return a dozen invented students with valid check characters."""
    return [_student(n) for n in range(len(_NAMES))]


def demo_code(student: NewStudent) -> str:
    """Return what the QR of a demo student's card holds."""
    number = int(student.student_no)
    claims = Claims(
        school_code=SCHOOL_CODE,
        student_no=student.student_no,
        level=student.level,
        study_type="成人",
        masked_name=student.name[0] + "*" * (len(student.name) - 1),
        id_last4=student.id_number[-4:],
        branch="继续教育学院",
        class_no=student.class_no,
        issued_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return encode_claims(f"demo{number:028d}", claims)


def seed(services: Services, *, now: datetime) -> None:
    """Create the demo campaign with its stations, entries and roster."""
    campaign = services.roster.create_campaign(
        OPERATOR,
        NewCampaign(
            name="2025届、2026届函授毕业生毕业信息采集",
            school_name=SCHOOL,
            school_code=SCHOOL_CODE,
            graduating_years=(2025, 2026),
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(days=180),
            policy="notice-2025",
            album_allowed=True,
            contact="继续教育学院 000-0000000（工作日 9:00–17:00）",
            notice_version="demo-1",
            notice_text=_NOTICE,
            retention_text="照片和采集码保存到毕业证书发放后 6 个月，之后删除。",
        ),
    )
    for code, name, address, contact in STATIONS:
        station = services.stations.create(
            OPERATOR, code=code, name=name, address=address, contact=contact
        )
        services.stations.create_entry(OPERATOR, campaign.id, station.id)
    services.roster.add_students(OPERATOR, campaign.id, demo_students())


def write_cards(folder: Path) -> None:
    """Write the card picture of each demo student, named for who tries the flow."""
    folder.mkdir(parents=True, exist_ok=True)
    for student in demo_students():
        file = folder / f"{student.name}-后6位{student.id_number[-6:]}.png"
        if not file.exists():
            code = parse_collection_code(demo_code(student))
            file.write_bytes(draw_sample_card(code, school_name=SCHOOL))


def _student(n: int) -> NewStudent:
    # 999999 is no region, so the number belongs to nobody.
    first17 = f"9999991990{n % 12 + 1:02d}{n + 10:02d}{n + 1:03d}"
    return NewStudent(
        station_code=STATIONS[n % 2][0],
        name=_NAMES[n],
        student_no=f"202399{n + 1:06d}",
        id_number=first17 + check_character(first17),
        level=_LEVELS[n % 2],
        major=_MAJORS[n % 3],
        graduating_year=2025 + n % 2,
        class_no=f"演示{n % 3 + 1}班",
    )
