"""A whole campaign, from the roster to the last deletion, as the people in it live it.

One school with five stations; its staff at a desk in a real browser, its students by the
addresses their phones ask for. At every turn the numbers on the desk's first page are
counted again from the rows, in Python.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

import openpyxl
import pypdfium2
import pytest
import requests
import zxingcpp
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select

from backend.db.base import Base
from backend.db.models import Binding, Student, Submission
from backend.domain.progress import Stage
from backend.domain.reviews import HANDED_IN, SubmissionStatus
from backend.imaging.inspector import MediaPipeInspector
from backend.services.staff import OPERATOR
from tests import secrecy
from tests.browser.steps import NAME, PATIENCE_MS, agree, find, sign_in, to_the_desk
from tests.chromium import REFUSE, phone
from tests.factories import InventedStudent, make_student
from tests.imaging.portraits import level_graduate
from tests.pictures import as_jpeg, unlike
from tests.serving import served
from tests.web.console import School, make_school

pytestmark = [
    pytest.mark.needs("chromium"),
    pytest.mark.needs("cjk-font"),
    pytest.mark.xdist_group("campaign"),
]

ENROLLED, BY_PHONE, ON_SITE, BY_ZIP, RETURNED = 300, 40, 10, 50, 10
STATIONS = (
    ("CS01", "长沙样例函授站"),
    ("ZZ02", "株洲示范函授站"),
    ("XT03", "湘潭测试函授站"),
    ("YY04", "岳阳演示函授站"),
    ("CD05", "常德虚构函授站"),
)
#: Whose photo comes which way; all of the first station where a desk is needed.
ON_THE_DESK = [n * 5 for n in range(ON_SITE)]
WITH_A_PHONE = [n for n in range(ENROLLED) if n % 5 in {1, 2}][:BY_PHONE]
IN_THE_FOLDER = [n for n in range(ENROLLED) if n % 5 in {3, 4}][:BY_ZIP]
SENT_AGAIN = WITH_A_PHONE[:RETURNED]
REFUSED_BY_THE_REGISTRY = WITH_A_PHONE[-3:]


def photo_of(n: int, attempt: int = 0) -> bytes:
    """Return a portrait that meets the notice, as a file of its own."""
    return unlike(_portrait(), n + 1000 * attempt)


@cache
def _portrait() -> bytes:
    return as_jpeg(level_graduate())


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    made = make_school(
        tmp_path_factory.mktemp("campaign"),
        students=0,
        inspector=MediaPipeInspector(),
    )
    yield made
    made.db.dispose()


@pytest.fixture(scope="module")
def address(school: School) -> Iterator[str]:
    with served(school.app) as url:
        yield url


def roster() -> bytes:
    """Return a sheet as a station's clerk makes it: titles, blanks, mistakes."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["样例大学继续教育学院"])
    sheet.merge_cells("A1:I1")
    sheet.append([])
    sheet.append(["二〇二六届毕业生名册（内部资料）", None, None, "制表：王老师"])
    sheet.append(
        [
            "序号",
            "XH",
            " 姓 名 ",
            "证件号码",
            "层次",
            "专业名称",
            "函授站",
            "班级",
            "届",
        ]
    )
    for n in range(ENROLLED):
        student = make_student(n)
        sheet.append(
            [
                n + 1,
                full_width(student.student_no) if n % 7 == 0 else student.student_no,
                f" {student.name} ",
                student.id_number.lower(),
                student.level,
                "保险学",
                STATIONS[n % 5][n % 2],
                student.class_no,
                "2026届",
            ]
        )
    good = make_student(ENROLLED)
    row = [0, good.student_no, good.name, good.id_number, good.level, "保险学"]
    rest = ["CS01", "样例1班", "2026"]
    wrong = good.id_number[:-1] + ("0" if good.id_number[-1] != "0" else "1")
    sheet.append([*row[:3], wrong, *row[4:], *rest])
    sheet.append([*row[:3], int(good.id_number[:17] + "1"), *row[4:], *rest])
    sheet.append([*row, "没有这个站", *rest[1:]])
    # Which of two rows with one 学号 is right, nobody but the station knows.
    for _ in range(2):
        sheet.append([0, make_student(ENROLLED + 1).student_no, *row[2:], *rest])
    sheet.append([*row[:2], "", *row[3:], *rest])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) for char in text)


@dataclass
class Phone:
    """One student's own phone, on the JSON API."""

    url: str
    token: str
    person: InventedStudent
    http: requests.Session = field(default_factory=requests.Session)

    def post(self, path: str, **sent: object) -> dict[str, object]:
        answer = self.http.post(f"{self.url}/api/v1{path}", timeout=60, **sent)  # type: ignore[arg-type] # as requests takes it
        assert answer.ok, (path, answer.status_code, answer.text)
        body: dict[str, object] = answer.json()
        return body

    def bind(self) -> str:
        self.http.trust_env = False
        session = str(self.post("/sessions")["token"])
        secrecy.note(session)
        self.http.headers["Authorization"] = f"Bearer {session}"
        entry = f"/entries/{self.token}"
        self.post(f"{entry}/consents", json={"portrait": True, "identity_number": True})
        reading = self.post(
            f"{entry}/code-readings", json={"text": self.person.payload}
        )
        asked = {
            "reading_id": reading["public_id"],
            "id_last6": self.person.id_number[-6:],
        }
        return str(self.post(f"{entry}/bindings", json=asked)["public_id"])

    def hand_in(self, binding: str, photo: bytes) -> None:
        sent = {"photo": ("p.jpg", photo, "image/jpeg")}
        draft = self.post(f"/bindings/{binding}/submissions", files=sent)
        assert draft["can_confirm"], draft["report"]
        self.post(f"/submissions/{draft['public_id']}/confirmation")


def stages(school: School) -> Counter[Stage]:
    """Count the stages of all students from the plain rows."""
    with school.db.reading() as session:
        students = list(session.scalars(select(Student)))
        bindings = list(session.scalars(select(Binding)))
        photos = list(session.scalars(select(Submission)))
    ours: dict[int, list[Submission]] = {}
    for photo in photos:
        ours.setdefault(photo.binding_id, []).append(photo)
    counted: Counter[Stage] = Counter()
    for student in students:
        held = [row for row in bindings if row.student_id == student.id]
        live = [row for row in held if row.released_at is None]
        seen = {photo.status for row in live for photo in ours.get(row.id, [])}
        handed_in = seen & {status.value for status in HANDED_IN}
        if student.exempt_reason is not None:
            counted[Stage.EXEMPT] += 1
        elif handed_in:
            (status,) = handed_in
            counted[Stage(status)] += 1
        elif SubmissionStatus.DRAFT in seen:
            counted[Stage.DRAFT] += 1
        else:
            counted[Stage.STARTED if held else Stage.NEVER_SCANNED] += 1
    return counted


def assert_the_desk_counts_right(school: School, expected: dict[Stage, int]) -> None:
    """Compare what is expected, the rows, and what the first page is made of."""
    rows = stages(school)
    assert {stage: n for stage, n in rows.items() if n} == expected
    shown = school.services.progress.campaign(OPERATOR, school.campaign)
    for stage in Stage:
        assert shown.numbers[stage] == rows[stage], stage
        assert sum(s.numbers[stage] for s in shown.stations) == rows[stage], stage
    assert shown.numbers["enrolled"] == ENROLLED


def test_a_whole_campaign(school: School, address: str, tmp_path: Path) -> None:
    with sync_playwright() as playwright, phone(playwright, REFUSE) as context:
        context.set_default_timeout(PATIENCE_MS)
        desk = context.new_page()
        desk.set_viewport_size({"width": 1280, "height": 900})
        sign_in(desk, address, "admin")
        make_stations(desk, address)
        import_roster(desk, address, school)
        assert_the_desk_counts_right(school, {Stage.NEVER_SCANNED: ENROLLED})
        tokens = print_posters(desk, address, school)
        phones = collect_by_phone(address, tokens)
        collect_in_a_folder(desk, address)
        assert context.browser is not None
        collect_on_site(context.browser, address, school)
        submitted = BY_PHONE + BY_ZIP + ON_SITE
        rest = ENROLLED - submitted
        assert_the_desk_counts_right(
            school, {Stage.PENDING: submitted, Stage.NEVER_SCANNED: rest}
        )
        review(desk, address, returning=SENT_AGAIN, photos=submitted)
        assert_the_desk_counts_right(
            school,
            {
                Stage.APPROVED: submitted - RETURNED,
                Stage.RETURNED: RETURNED,
                Stage.NEVER_SCANNED: rest,
            },
        )
        for n in SENT_AGAIN:
            student, binding = phones[n]
            student.hand_in(binding, photo_of(n, attempt=1))
        review(desk, address, returning=[], photos=RETURNED)
        number = deliver(desk, address, school, photos=submitted)
        assert_the_desk_counts_right(
            school, {Stage.DELIVERED: submitted, Stage.NEVER_SCANNED: rest}
        )
        hear_from_the_registry(desk, address, number)
        refused = len(REFUSED_BY_THE_REGISTRY)
        assert_the_desk_counts_right(
            school,
            {
                Stage.ACCEPTED: submitted - refused,
                Stage.SENT_BACK: refused,
                Stage.NEVER_SCANNED: rest,
            },
        )
        read_the_first_page(desk, address, school)
        purge(school)


def make_stations(desk: Page, address: str) -> None:
    for code, name in STATIONS[2:]:
        desk.goto(f"{address}/admin/stations/new")
        desk.get_by_label("代码").fill(code)
        desk.get_by_label("名称").fill(name)
        desk.get_by_label("地址").fill("示范路 1 号")
        desk.get_by_label("联系方式").fill("李老师")
        desk.locator("main button[type=submit]").click()
        expect(desk.get_by_role("status")).to_contain_text("函授站已建立")


def import_roster(desk: Page, address: str, school: School) -> None:
    desk.goto(f"{address}/admin/rounds/{school.campaign}/roster")
    desk.locator("#f-roster").set_input_files(
        {
            "name": "2026届名册.xlsx",
            "mimeType": "application/octet-stream",
            "buffer": roster(),
        }
    )
    desk.get_by_role("button", name="上传并检查").click()
    take = desk.get_by_role("button", name=f"只导入没有错误的 {ENROLLED} 行")
    expect(take).to_be_visible()
    problems = desk.get_by_role("table", name="问题")
    for words in ("校验", "丢", "函授站", "学号", "姓名"):
        expect(problems).to_contain_text(words)
    take.click()
    expect(desk.get_by_role("status")).to_contain_text("已写入名册")


def print_posters(desk: Page, address: str, school: School) -> dict[str, str]:
    """Make the entries that are missing, print all posters, return the tokens."""
    for code, _ in STATIONS[2:]:
        stations = school.services.stations.list(OPERATOR)
        (station,) = (row for row in stations if row.code == code)
        school.services.stations.create_entry(OPERATOR, school.campaign, station.id)
    desk.goto(f"{address}/admin/campaigns/{school.campaign}/posters")
    with desk.expect_download() as download:
        desk.get_by_role("button", name=re.compile("PDF")).first.click()
    data = download.value.path().read_bytes()
    document = pypdfium2.PdfDocument(data)
    assert len(document) == len(STATIONS)
    live = {
        entry.url: entry
        for entry in school.services.stations.entries(OPERATOR, school.campaign)
    }
    read = {
        zxingcpp.read_barcodes(page.render(scale=2).to_pil())[0].text
        for page in document
    }
    assert read == set(live)
    return {entry.station.code: entry.token for entry in live.values()}


def collect_by_phone(
    address: str, tokens: dict[str, str]
) -> dict[int, tuple[Phone, str]]:
    phones = {}
    for n in WITH_A_PHONE:
        mine = Phone(address, tokens[STATIONS[n % 5][0]], make_student(n))
        binding = mine.bind()
        mine.hand_in(binding, photo_of(n))
        phones[n] = (mine, binding)
    return phones


def collect_in_a_folder(desk: Page, address: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for at, n in enumerate(IN_THE_FOLDER):
            student = make_student(n)
            name = (student.student_no, student.id_number)[at % 2]
            archive.writestr(f"照相馆/{name}_{student.name}.jpg", photo_of(n))
        archive.writestr("照相馆/IMG_20260301.jpg", photo_of(999))
    desk.goto(f"{address}/admin/batches")
    desk.get_by_label("ZIP 文件").set_input_files(
        {
            "name": "photos.zip",
            "mimeType": "application/zip",
            "buffer": packed.getvalue(),
        }
    )
    desk.get_by_role("checkbox").check()
    desk.get_by_role("button", name="上传并检查").click()
    handed_in = desk.get_by_role("link", name=f"已提交 {BY_ZIP}")
    expect(handed_in).to_be_visible(timeout=10 * PATIENCE_MS)
    expect(desk.get_by_role("link", name="没有对上 1")).to_be_visible()


def collect_on_site(browser: Browser, address: str, school: School) -> None:
    """Ten students at a table; the line is cut when half of them are through."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN"
    )
    with context:
        page = to_the_desk(context, address)
        page.get_by_role("button", name="下载名单").click()
        expect(page.locator("[data-roster-note]")).to_contain_text("60 人")
        page.locator("#who").click()
        for at, n in enumerate(ON_THE_DESK):
            student = make_student(n)
            if at == ON_SITE // 2:
                context.set_offline(True)
            find(page, student.student_no)
            agree(page, student.name)
            page.locator("#photo").set_input_files(
                {"name": "s.jpg", "mimeType": "image/jpeg", "buffer": photo_of(n)}
            )
            page.get_by_role("button", name="用这张，去检查").click()
            if at < ON_SITE // 2:
                page.get_by_role("button", name="确认提交").click()
                expect(page.locator("[data-notice]")).to_contain_text("已提交")
            else:
                expect(page.locator(".desk-verdict")).to_have_text("已存在这台设备上")
                page.get_by_role("button", name="下一位").click()
        page.reload()
        context.set_offline(False)
        waiting = ON_SITE - ON_SITE // 2
        expect(page.locator("[data-queue] .tone-good")).to_have_count(
            waiting, timeout=4 * PATIENCE_MS
        )
        for left in range(waiting, 0, -1):
            page.get_by_role("button", name="查看").first.click()
            expect(page.locator(NAME)).to_be_visible()
            page.get_by_role("button", name="确认提交").click()
            expect(page.locator("[data-queue] li")).to_have_count(left - 1)
    assert stages(school)[Stage.DRAFT] == 0


def review(desk: Page, address: str, *, returning: list[int], photos: int) -> None:
    """Go through the queue with the keyboard: look, tick, approve or return."""
    names = Counter(make_student(n).name for n in returning)
    desk.goto(f"{address}/admin/review")
    expect(desk.get_by_role("button", name="开始审核")).to_be_focused()
    before = desk.url
    desk.keyboard.press("Enter")
    heading = desk.get_by_role("heading", level=1)
    for _ in range(photos):
        # Told by the browser; looking again and again takes longer than the page.
        desk.wait_for_url(_other_than(before))
        before = desk.url
        if names[name := heading.inner_text()]:
            names[name] -= 1
            desk.keyboard.press("r")
            desk.keyboard.press("1")
            desk.keyboard.press("Control+Enter")
        else:
            desk.keyboard.press("x")
            desk.keyboard.press("a")
    expect(desk.get_by_text("没有等待审核的照片")).to_be_visible()
    assert not +names


def _other_than(before: str) -> Callable[[str], bool]:
    return lambda url: url != before


def deliver(desk: Page, address: str, school: School, *, photos: int) -> str:
    """Freeze, download twice, look into the package; return the delivery's number."""
    desk.goto(
        f"{address}/admin/deliveries/new?campaign={school.campaign}"
        "&profile=school&naming=student_no"
    )
    desk.get_by_role("button", name=f"冻结 {photos} 张并编号").click()
    expect(desk).to_have_url(re.compile(r"/deliveries/\d{4}-\d+"))
    number = str(re.findall(r"/deliveries/([\d-]+)", desk.url)[0])
    cookies = {cookie["name"]: cookie["value"] for cookie in desk.context.cookies()}
    url = f"{address}/admin/deliveries/{number}/package.zip"
    first = requests.get(url, cookies=cookies, timeout=60).content
    assert requests.get(url, cookies=cookies, timeout=60).content == first
    with zipfile.ZipFile(io.BytesIO(first)) as package:
        pictures = {name for name in package.namelist() if name.endswith(".jpg")}
        who = [*WITH_A_PHONE, *IN_THE_FOLDER, *ON_THE_DESK]
        assert {Path(name).stem for name in pictures} == {
            make_student(n).student_no for n in who
        }
        (sums,) = (name for name in package.namelist() if name.endswith("SHA256SUMS"))
        for line in package.read(sums).decode().splitlines():
            digest, _, name = line.partition("  ")
            assert hashlib.sha256(package.read(name)).hexdigest() == digest
    return number


def hear_from_the_registry(desk: Page, address: str, number: str) -> None:
    lines = ["学号,bz"]
    for n in [*WITH_A_PHONE, *IN_THE_FOLDER, *ON_THE_DESK]:
        said = "身份核验未通过" if n in REFUSED_BY_THE_REGISTRY else "图像已显示"
        lines.append(f"{make_student(n).student_no},{said}")
    desk.goto(f"{address}/admin/deliveries/{number}")
    desk.get_by_label("名单文件").set_input_files(
        {
            "name": "在校生名单.csv",
            "mimeType": "text/csv",
            "buffer": "\n".join(lines).encode("gb18030"),
        }
    )
    desk.get_by_role("button", name="上传并预览").click()
    desk.locator("main form[method=post] button[type=submit]").first.click()
    expect(desk.get_by_role("status")).to_be_visible()


def read_the_first_page(desk: Page, address: str, school: School) -> None:
    """The numbers are not only right: each is on the page and leads to its people."""
    desk.goto(f"{address}/admin/")
    cookies = {cookie["name"]: cookie["value"] for cookie in desk.context.cookies()}
    links = desk.get_by_role("main").get_by_role("link")
    seen = 0
    for stage, count in stages(school).items():
        people = f"/admin/campaigns/{school.campaign}/students"
        where = f"{people}?part={stage.value}"
        shown = links.filter(has_text=re.compile(rf"\b{count}\b"))
        expect(shown.and_(desk.locator(f"[href='{where}']")).first).to_be_visible()
        listed = requests.get(
            f"{address}{people}.csv?part={stage.value}", cookies=cookies, timeout=60
        )
        assert len(listed.text.splitlines()) == count + 1
        seen += count
    assert seen == ENROLLED


def purge(school: School) -> None:
    """Years later nothing of anybody is left, in the database and in the store."""
    school.clock.at += timedelta(days=4000)
    services = school.services
    while services.purge.run():
        pass
    left = []
    with school.db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            rows = connection.execute(table.select())
            left += [repr(tuple(row)) for row in rows]
    assert not secrecy.found_in("\n".join(left))
    assert services.reconcile.compare(age=timedelta(0)).orphans == ()
    services.sweeper.sweep()
    database = school.db.engine.url.database
    assert database is not None
    photos = Path(database).parent / "photos"
    assert [path for path in photos.rglob("*") if path.is_file()] == []
