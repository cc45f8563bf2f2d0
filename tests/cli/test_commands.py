"""The commands of those who run the service, in a folder of their own."""

from __future__ import annotations

import re
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import delete, select, update

from backend.app import make_adapters, make_services
from backend.cli import demo_data, upkeep
from backend.crypto.totp import code_at
from backend.db.models import AuditEvent
from backend.db.people_models import AuditHead
from backend.domain.errors import NotAuthenticatedError
from backend.imaging.code_reader import QrCodeReader
from backend.ports import Job
from backend.services import Services
from backend.services.staff import OPERATOR
from backend.settings import read_settings
from tests.cli.conftest import run
from tests.factories import make_student

pytestmark = pytest.mark.needs("cjk-font")


@pytest.mark.parametrize(("file", "start"), [("all.pdf", b"%PDF"), ("all.zip", b"PK")])
def test_posters_of_a_campaign_are_written(
    demo: Result, file: str, start: bytes
) -> None:
    assert demo.exit_code == 0
    done = run("posters", "1", "--size", "sign", "--out", file)
    assert done.exit_code == 0, done.output
    assert Path(file).read_bytes().startswith(start)
    wrong = run("posters", "9", "--out", file)
    assert wrong.exit_code == 1
    assert "There is no campaign 9; there are:\n  1  " in wrong.output
    assert run("posters", "1", "--out", "none/all.pdf").exit_code == 1


def services() -> Services:
    settings = read_settings(Path("var/demo.env"))
    return make_services(settings, make_adapters(settings))


def test_the_first_start_sets_everything_up(demo: Result) -> None:
    assert demo.exit_code == 0, demo.output
    assert (
        len(re.findall(r"entry +http://127.0.0.1:8000/s/[\w-]{16}", demo.output)) == 2
    )
    assert "shown only now" in demo.output
    mode = stat.S_IMODE(Path("var/demo.env").stat().st_mode)
    assert mode == 0o600
    assert {path.name for path in Path("var/posters").iterdir()} == {
        "ZD01.pdf",
        "ZD02.pdf",
    }


def test_the_cards_hold_the_codes_of_the_demo_students(demo: Result) -> None:
    assert demo.exit_code == 0
    cards = sorted(Path("var/cards").glob("*.png"))
    students = demo_data.demo_students()
    assert len(cards) == len(students) == 12
    read = {QrCodeReader().read(card.read_bytes()).raw for card in cards}
    assert read == {demo_data.demo_code(student) for student in students}
    assert all(any(s.id_number[-6:] in c.name for s in students) for c in cards)


def test_the_second_start_keeps_the_data_and_tells_no_password(demo: Result) -> None:
    again = run("start-demo", "--prepare-only")
    entries = re.findall(r"/s/[\w-]+", demo.output)
    assert re.findall(r"/s/[\w-]+", again.output) == entries
    assert "shown only now" not in again.output
    assert "reset-password" in again.output


def test_migrating_twice_changes_nothing(demo: Result) -> None:
    assert run("migrate").output == run("migrate").output
    assert "up to date" in run("migrate").output


def test_a_new_account_signs_in_with_the_password_it_was_told(demo: Result) -> None:
    told = run("staff", "add", "wang", "--name", "王老师", "--role", "reviewer")
    password = told.output.split(": ")[1].split()[0]
    opened = services().staff.sign_in("wang", password, address="127.0.0.1")
    assert opened.session.user.role.value == "reviewer"
    reset = run("staff", "reset-password", "wang").output.split(": ")[1].split()[0]
    assert reset != password
    services().staff.sign_in("wang", reset, address="127.0.0.1")


def test_an_invitation_is_a_link_with_its_token_behind_the_mark(demo: Result) -> None:
    told = run(
        "staff", "invite", "zhou", "--name", "周老师", "--role", "station",
        "--station", "ZD02",
    )  # fmt: skip
    address, _, token = told.output.split()[1].partition("#")
    assert address.endswith("/admin/invitation")
    user = services().invitations.accept(
        token, "an invented passphrase", address="127.0.0.1"
    )
    assert (user.username, user.role.value) == ("zhou", "station")
    again = run("staff", "invite", "zhou", "--name", "周")
    assert again.exit_code == 1


def test_a_lost_second_factor_is_taken_away(demo: Result) -> None:
    wired = services()
    password = "an invented passphrase"
    wired.staff.reset_password(OPERATOR, "admin", password)
    info = wired.staff.sign_in("admin", password, address="127.0.0.1").session
    wired.second_factor.begin(info)
    pending = wired.second_factor.pending(info)
    assert pending is not None
    secret = pending.secret.replace(" ", "")
    wired.second_factor.confirm(info, code_at(secret, datetime.now(UTC)))
    with pytest.raises(NotAuthenticatedError, match="totp_required"):
        wired.staff.sign_in("admin", password, address="127.0.0.1")
    assert run("staff", "reset-totp", "admin").exit_code == 0
    wired.staff.sign_in("admin", password, address="127.0.0.1")
    assert run("staff", "reset-totp", "admin").exit_code == 1
    assert run("staff", "reset-totp", "nobody").exit_code == 1


def test_a_station_account_needs_a_station_that_exists(demo: Result) -> None:
    wrong = run(
        "staff", "add", "li", "--name", "李", "--role", "station", "--station", "X"
    )
    assert wrong.exit_code == 1
    assert "ZD01, ZD02" in wrong.output
    assert run("staff", "add", "li", "--name", "李", "--role", "station").exit_code == 1
    right = run(
        "staff", "add", "li", "--name", "李", "--role", "station", "--station", "ZD01"
    )
    assert right.exit_code == 0
    taken = run("staff", "add", "li", "--name", "李")
    assert taken.exit_code == 1
    assert "已被使用" in taken.output
    assert run("staff", "reset-password", "nobody").exit_code == 1


def test_commands_without_settings_list_what_is_missing(
    folder: Path,
) -> None:
    for command in ("migrate", "serve", "reconcile", "verify-audit"):
        result = run(command)
        assert result.exit_code == 1
        for name in ("DATABASE_URL", "PHOTO_ROOT", "HASH_KEY", "PUBLIC_URL"):
            assert f"BIZHAO_{name}" in result.output
        assert "make run" in result.output


def test_serving_never_falls_back_to_the_demonstration(demo: Result) -> None:
    result = run("serve")
    assert result.exit_code == 1
    assert "BIZHAO_DATABASE_URL: Field required" in result.output


def test_a_settings_file_that_is_named_goes_before_the_demonstrations(
    demo: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = Path("var/demo.env").read_text(encoding="utf-8")
    named = theirs.replace("http://127.0.0.1:8000", "http://named.example")
    Path("named.env").write_text(named, encoding="utf-8")
    assert "settings: http://127.0.0.1:8000" in run("doctor").output
    monkeypatch.setenv("BIZHAO_ENV_FILE", "named.env")
    assert "settings: http://named.example" in run("doctor").output


def test_wrong_settings_are_listed_at_once_and_never_repeated(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {
        "DATABASE_URL": "sqlite:///x.db",
        "PHOTO_ROOT": "photos",
        "DATA_KEYS": "short-secret",
        "HASH_KEY": "another-secret",
        "PUBLIC_URL": "ftp://example.test",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(f"BIZHAO_{name}", value)
    said = run("serve").output
    assert all(f"BIZHAO_{n}" in said for n in ("DATA_KEYS", "HASH_KEY", "PUBLIC_URL"))
    assert "secret" not in said


def test_no_demonstration_starts_where_settings_say_production(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIZHAO_PRODUCTION", "1")
    result = run("start-demo", "--prepare-only")
    assert result.exit_code == 1
    assert "data_keys are the demo's" in result.output
    assert not Path("var/bizhao.db").exists()


def test_a_start_cut_off_before_its_settings_were_whole_is_made_up_for(
    folder: Path,
) -> None:
    Path("var").mkdir()
    Path("var/demo.new").touch(mode=0o600)
    assert run("start-demo", "--prepare-only").exit_code == 0
    assert [path.name for path in Path("var").glob("demo*")] == ["demo.env"]


def test_the_doctor_finds_a_healthy_installation(demo: Result) -> None:
    result = run("doctor")
    assert result.exit_code == 0, result.output
    assert "MISSING" not in result.output
    assert result.output.count("ok ") == 9


def test_the_doctor_says_what_is_missing_and_what_to_do(folder: Path) -> None:
    result = run("doctor")
    assert result.exit_code == 1
    assert "MISSING  settings" in result.output
    assert "deploy/env.example" in result.output


def test_the_doctor_names_the_packages_and_the_python_that_are_wrong(
    demo: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_PACKAGES", ("mediapipe", "no_such_package"))
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    result = run("doctor")
    assert result.exit_code == 1
    assert "MISSING  packages: no_such_package" in result.output
    assert "MISSING  Python: this is 3." in result.output


def test_the_doctor_notices_missing_migrations(
    demo: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIZHAO_DATABASE_URL", "sqlite:///other.db")
    result = run("doctor")
    assert "MISSING  database: migrations are missing" in result.output


def test_reconcile_removes_what_no_row_names_and_only_that(demo: Result) -> None:
    assert "0 orphans, 0 missing" in run("reconcile").output
    settings = read_settings(Path("var/demo.env"))
    make_adapters(settings).store.put(b"nobody names this")
    assert "0 orphans" in run("reconcile").output
    assert "1 orphans" in run("reconcile", "--older-than-hours", "0").output
    done = run("reconcile", "--older-than-hours", "0", "--delete")
    assert "1 orphans removed" in done.output
    assert "0 files" in run("reconcile").output


def test_a_file_that_a_row_names_and_that_is_gone_is_an_alarm(demo: Result) -> None:
    wired = services()
    token = wired.stations.entries(OPERATOR, 1)[0].token
    who = wired.sessions.start().session.principal
    wired.consents.record(who, token, portrait=True, identity_number=True)
    card = next(Path("var/cards").glob("*.png")).read_bytes()
    wired.codes.read_picture(who, token, card, address="127.0.0.1")
    found = wired.reconcile.compare(age=timedelta(0))
    assert found.missing == ()
    store = make_adapters(read_settings(Path("var/demo.env"))).store
    for file in list(store.files()):
        store.delete(file.key)
    result = run("reconcile")
    assert result.exit_code == 1
    assert "1 missing" in result.output


def test_the_audit_chain_is_verified(demo: Result) -> None:
    said = run("verify-audit").output
    assert "whole" in said
    assert "signed, from row 1 on" in said
    db = make_adapters(read_settings(Path("var/demo.env"))).db
    with db.transaction() as session:
        row = session.get(AuditEvent, 2)
        assert row is not None
        row.detail = "something else"
    result = run("verify-audit")
    assert result.exit_code == 1
    assert "row 2" in result.output


def test_an_end_of_the_audit_chain_that_was_cut_off_or_forged_is_told(
    demo: Result,
) -> None:
    db = make_adapters(read_settings(Path("var/demo.env"))).db
    with db.transaction() as session:
        last = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()))
        session.delete(next(iter(last)))
    result = run("verify-audit")
    assert result.exit_code == 1
    assert "cut off" in result.output
    with db.transaction() as session:
        session.execute(update(AuditHead).values(signature="0" * 64))
    assert "forged" in run("verify-audit").output
    with db.transaction() as session:
        session.execute(delete(AuditHead))
    assert "with the next act" in run("verify-audit").output


def test_what_is_due_is_done_once_and_told(demo: Result) -> None:
    result = run("jobs")
    assert result.exit_code == 0, result.output
    assert set(result.output.split("\n")) == {*(f"{job}: 0" for job in Job), ""}


def _sheet(*rows: str) -> Path:
    path = Path("名册.csv")
    heading = "函授站,姓名,学号,身份证号,层次,专业,毕业届"
    path.write_text("\n".join([heading, *rows]), encoding="gb18030")
    return path


def _line(n: int, station: str = "ZD01") -> str:
    student = make_student(n)
    numbers = f"{student.student_no},{student.id_number}"
    return f"{station},{student.name},{numbers},{student.level},会计学,2026"


CAMPAIGN = "2025届、2026届函授毕业生毕业信息采集"


def test_a_roster_is_imported_as_a_whole_or_the_good_rows_of_it(demo: Result) -> None:
    path = _sheet(_line(1), _line(2), _line(3, "没有的站"))
    arguments = ("roster", "import", str(path), "--campaign", CAMPAIGN)
    refused = run(*arguments, "--errors", "errors.xlsx")
    assert refused.exit_code == 1
    assert "3 rows: 2 new, 0 changed, 0 unchanged, 1 with errors" in refused.output
    assert "row 4 A 函授站: 没有这个函授站" in refused.output
    assert "nothing was written" in refused.output
    assert Path("errors.xlsx").stat().st_size > 1000
    written = run(*arguments, "--good-rows-only")
    assert written.exit_code == 1
    assert "2 rows written" in written.output
    again = run("roster", "import", str(_sheet(_line(1))), "--campaign", CAMPAIGN)
    assert "1 unchanged" in again.output
    assert again.exit_code == 0
    tried = run(
        "roster", "import", str(_sheet(_line(4))), "--campaign", CAMPAIGN, "--dry-run"
    )
    assert (tried.exit_code, "written" in tried.output) == (0, False)


def test_a_roster_nobody_can_read_says_why(demo: Result) -> None:
    Path("a.xlsx").write_bytes(b"%PDF-1.7")
    for arguments, words in (
        (("a.xlsx", "--campaign", CAMPAIGN), "这不是表格文件"),
        (("a.xlsx", "--campaign", "none"), "No campaign is called none"),
    ):
        result = run("roster", "import", *arguments)
        assert result.exit_code == 1
        assert words in result.output
    Path("b.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    unknown = run("roster", "import", "b.csv", "--campaign", CAMPAIGN)
    assert "no column found for: 姓名" in unknown.output
    assert run("roster", "template", "t.xlsx").exit_code == 0
    assert Path("t.xlsx").stat().st_size > 1000
