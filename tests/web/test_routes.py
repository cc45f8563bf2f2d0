"""Every route and every kind of caller: who may, and who learns nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from backend.services.batch_files import BatchFile
from backend.services.staff import OPERATOR
from backend.services.types import Role
from tests.web.console import ADDRESS, HUMAN_RULE, PASSWORD, School, make_school

STAFF = frozenset(Role)
ADMIN = frozenset({Role.ADMIN})
DESK = frozenset({Role.ADMIN, Role.STATION})
JUDGES = frozenset({Role.ADMIN, Role.REVIEWER})

#: Written by hand on purpose: a route that is new or changes hands must be entered here.
WHO: dict[str, str | frozenset[Role]] = {
    "health.healthz": "public",
    "health.readyz": "public",
    "api.docs": "public",
    "api.get_entry": "public",
    "api.get_guide": "public",
    "api.get_policy": "public",
    "api.start_session": "public",
    "api.admin.open_session": "public",
    "admin.sign_in": "public",
    "admin.open_session": "public",
    "admin.on_site_worker": "public",
    "admin.second_step": "public",
    "admin.finish_sign_in": "public",
    "admin.invitation": "public",
    "admin.look_at_invitation": "public",
    "admin.accept_invitation": "public",
    "student.guide": "public",
    "student.photo_examples": "public",
    "student.signed_out": "public",
    "api.sign_in_mini_program": "public",
    "api.page_signature": "public",
    "wechat.callback": "public",
    "wechat.go_on_plain": "public",
    "wechat.greet": "public",
    "wechat.push": "public",
    "wechat.picture": "public",
    "wechat.verification_file": "public",
    **dict.fromkeys(
        [
            "api.message_templates",
            "api.record_message_consents",
            "api.get_binding",
            "api.replace_code",
            "api.submit_photo",
            "api.guide_camera",
            "api.list_submissions",
            "api.bind",
            "api.list_bindings",
            "api.read_code",
            "api.get_consents",
            "api.give_consents",
            "api.withdraw_consents",
            "api.end_session",
            "api.get_submission",
            "api.withdraw",
            "api.get_picture",
            "api.replace_background",
            "api.choose_background",
            "api.confirm",
            "api.request_review",
            "student.mine",
            "student.sign_out",
            "api.own_data",
            "api.own_pictures",
            "api.erase",
            "api.get_receipt",
            "student.my_data",
            "student.my_data_json",
            "student.my_archive",
            "student.erase",
            "student.erase_now",
            "student.receipt",
            "student.entry",
            "student.bind",
            "student.check_identity",
            "student.replace_code",
            "student.read_new_code",
            "student.bound",
            "student.code",
            "student.read_code",
            "student.consent",
            "student.give_consent",
            "student.withdraw_consent",
            "student.take_consent_back",
            "student.photo",
            "student.upload_photo",
            "student.submission",
            "student.media",
            "student.confirm",
            "student.change_background",
            "student.choose_background",
            "student.request_review",
            "student.withdraw",
            "student.take_back",
        ],
        "student",
    ),
    **dict.fromkeys(
        [
            "admin.home",
            "admin.account",
            "admin.end_session",
            "admin.end_other_sessions",
            "admin.second_factor",
            "admin.begin_second_factor",
            "admin.confirm_second_factor",
            "admin.renew_recovery_codes",
            "admin.remove_second_factor",
            "admin.password",
            "admin.change_password",
            "admin.records",
            "admin.find",
            "admin.export_records",
            "admin.record",
            "admin.card",
            "admin.reveal",
            "admin.sign_out",
            "admin.picture",
            "admin.close_up",
            "admin.policy",
            "admin.missing",
            "admin.students",
            "admin.students_csv",
            "admin.students_xlsx",
            "api.admin.campaign_progress",
            "api.admin.campaign_students",
            "api.admin.campaigns",
            "api.admin.record",
            "api.admin.reveal_identity_number",
            "api.admin.search_records",
            "api.admin.export_records",
            "api.admin.close_session",
            "api.admin.stations",
            "api.admin.submission_picture",
        ],
        STAFF,
    ),
    **dict.fromkeys(
        [
            "admin.batch",
            "admin.batch_report",
            "admin.batches",
            "admin.campaigns",
            "admin.entries",
            "admin.on_site",
            "admin.on_site_desk",
            "admin.on_site_shell",
            "admin.go_on_with_batch",
            "admin.receive_batch",
            "api.admin.get_batch",
            "api.admin.go_on_with_batch",
            "api.admin.list_batch_items",
            "api.admin.receive_batch",
            "admin.find_student",
            "admin.roster",
            "admin.rounds",
            "admin.student",
            "api.admin.search_students",
            "api.admin.student",
            "admin.code_png",
            "admin.code_svg",
            "admin.poster_pdf",
            "admin.poster_png",
            "admin.posters",
            "admin.all_posters",
            "admin.remind",
            "admin.check_sheet",
            "admin.code_pack",
            "admin.deliveries",
            "admin.delivery",
            "admin.stations",
            "api.admin.check_sheet",
            "api.admin.code_pack",
            "api.admin.deliveries",
            "api.admin.delivery",
            "api.admin.delivery_items",
            "api.admin.entries",
            "api.admin.entry_file",
            "api.admin.all_posters",
            "api.admin.replace_background_on_site",
            "api.admin.choose_background_on_site",
            "api.admin.confirm_on_site",
            "api.admin.find_on_site",
            "api.admin.guide_on_site",
            "api.admin.on_site_desk",
            "api.admin.on_site_picture",
            "api.admin.on_site_roster",
            "api.admin.on_site_student",
            "api.admin.open_on_site",
            "api.admin.read_code_on_site",
            "api.admin.request_review_on_site",
            "api.admin.submit_on_site",
        ],
        DESK,
    ),
    **dict.fromkeys(
        [
            "admin.background",
            "admin.contact_sheet",
            "admin.contact_sheet_return",
            "admin.contact_sheet_seen",
            "admin.decide",
            "admin.review",
            "admin.review_background",
            "admin.review_decide",
            "admin.review_hold",
            "admin.review_leave",
            "admin.review_next",
            "admin.review_skip",
            "admin.review_start",
            "admin.review_undo",
            "api.admin.replace_background",
            "api.admin.choose_background",
            "api.admin.decide",
            "api.admin.review_next",
            "api.admin.review_skip",
            "api.admin.review_undo",
        ],
        JUDGES,
    ),
    **dict.fromkeys(
        [
            "admin.apply_list",
            "admin.apply_roster",
            "admin.ask_carry_over",
            "admin.carry_over",
            "admin.create_round",
            "admin.discard_roster",
            "admin.edit_round",
            "admin.map_roster",
            "admin.new_round",
            "admin.put_window",
            "admin.remove_window",
            "admin.roster_import",
            "admin.roster_problems",
            "admin.roster_template",
            "admin.set_exempt",
            "admin.set_grace",
            "admin.update_round",
            "admin.update_student",
            "admin.upload_roster",
            "api.admin.add_window",
            "api.admin.apply_roster",
            "api.admin.campaign_rules",
            "api.admin.carry_over",
            "api.admin.change_campaign",
            "api.admin.change_window",
            "api.admin.create_campaign",
            "api.admin.delete_window",
            "api.admin.discard_roster",
            "api.admin.map_roster",
            "api.admin.roster_changes",
            "api.admin.roster_import",
            "api.admin.roster_imports",
            "api.admin.roster_missing",
            "api.admin.roster_problem_file",
            "api.admin.roster_problems",
            "api.admin.set_exemption",
            "api.admin.set_grace",
            "api.admin.upload_roster",
            "admin.audit",
            "admin.cancel_delivery",
            "admin.create_delivery",
            "admin.retention",
            "admin.campaign_retention",
            "admin.change_retention",
            "admin.create_entry",
            "admin.delivery_package",
            "admin.new_delivery",
            "admin.receive_list",
            "admin.returned_list",
            "api.admin.apply_returned_list",
            "api.admin.cancel_delivery",
            "api.admin.create_delivery",
            "api.admin.delivery_package",
            "api.admin.preview_delivery",
            "api.admin.receive_returned_list",
            "api.admin.returned_list",
            "admin.replace_entry",
            "admin.retire_entry",
            "admin.release",
            "admin.clear_quarantine",
            "admin.staff",
            "admin.new_invitation",
            "admin.invite",
            "admin.reissue_invitation",
            "admin.withdraw_invitation",
            "admin.person",
            "admin.change_person",
            "admin.disable_person",
            "admin.enable_person",
            "admin.sign_person_out",
            "admin.reset_second_factor",
            "admin.renew_password",
            "admin.export_audit",
            "admin.messages",
            "admin.retry_messages",
            "admin.wechat",
            "admin.put_verification_file",
            "admin.remove_verification_file",
            "admin.edit_station",
            "admin.update_station",
            "admin.new_station",
            "admin.create_station",
            "api.admin.create_entry",
            "api.admin.replace_entry",
            "api.admin.retire_entry",
            "api.admin.release_binding",
            "api.admin.create_station",
            "api.admin.change_station",
        ],
        ADMIN,
    ),
}
#: Our own files and the document of the API: nothing in them is anybody's.
OPEN_FILES = {"static", "bootstrap.static", "openapi.spec"}
SIGNING_IN = {
    "admin.open_session",
    "api.admin.open_session",
    "wechat.callback",
    "wechat.go_on_plain",
}
ENDING = {
    "api.end_session",
    "api.admin.close_session",
    "admin.sign_out",
    "student.sign_out",
}
ROLES = {"admin": Role.ADMIN, "reviewer": Role.REVIEWER, "cs01": Role.STATION}


@dataclass(frozen=True)
class Scene:
    """A school where student 2 has handed a photo in at the first station."""

    school: School
    values: dict[str, str | int]
    owner_name: str
    tokens: dict[str, str]

    def call(self, rule: Rule, method: str, caller: str) -> TestResponse:
        """Send a request with the records of student 2."""
        values = {
            name: "poster.pdf" if name == "file" else self.values[name]
            for name in rule.arguments
        }
        with self.school.app.test_request_context():
            built = rule.build(values, append_unknown=False)
        assert built is not None
        headers = {}
        if token := self.tokens.get(caller):
            headers["Authorization"] = f"Bearer {token}"
        is_api = built[1].startswith("/api/")
        return self.school.app.test_client().open(
            built[1],
            method=method,
            headers=headers,
            json={} if is_api else None,
            # Reads and closes what is handed out in pieces.
            buffered=True,
        )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    school = make_school(tmp_path_factory.mktemp("routes"))
    submission = school.hand_in(2)
    binding = school.services.bindings.get(
        school.sessions[2].principal, submission.binding_public_id
    )
    batch = school.services.batches.receive(
        OPERATOR,
        school.campaign,
        [BatchFile("nobody.jpg", lambda: None)],
        names={},
        consent_in_writing=True,
    )
    tokens = {"student": school.services.sessions.start().token}
    for role in ROLES:
        opened = school.services.staff.sign_in(role, PASSWORD, address=ADDRESS)
        tokens[role] = opened.token
    zz02 = school.services.staff.sign_in("zz02", PASSWORD, address=ADDRESS).session.user
    yield Scene(
        school=school,
        values={
            "token": school.entries["CS01"],
            "binding_id": binding.public_id,
            "submission_id": submission.public_id,
            "reading_id": "x" * 22,
            "kind": "portrait",
            "rule": HUMAN_RULE,
            "campaign_id": school.campaign,
            "station_id": school.stations["CS01"],
            "student_id": 3,
            "import_id": 1,
            "window_id": 1,
            "name": "notice-2025",
            "account": "mini-program",
            "archive": "pdf",
            "batch_id": batch.id,
            "delivery": "2026-0001",
            "list_id": "x" * 22,
            "invitation_id": 1,
            "session_id": 1_000_000,
            "sheet": "csv",
            # Somebody whose session no test needs.
            "staff_id": zz02.id,
            "receipt": "ABCD-EF01-2345",
        },
        owner_name=binding.student_name,
        tokens=tokens,
    )
    school.db.dispose()


def rules(scene: Scene) -> Iterator[tuple[Rule, str]]:
    for rule in scene.school.app.url_map.iter_rules():
        if rule.endpoint not in OPEN_FILES:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def test_every_route_says_who_may_call_it_and_the_table_agrees(scene: Scene) -> None:
    views = scene.school.app.view_functions
    marked = {
        endpoint: getattr(view, "__caller__", None)
        for endpoint, view in views.items()
        if endpoint not in OPEN_FILES
    }
    assert marked == WHO


def test_nobody_gets_nowhere_but_to_public_routes(scene: Scene) -> None:
    for rule, method in rules(scene):
        who = WHO[rule.endpoint]
        answer = scene.call(rule, method, "nobody")
        where = (method, rule.rule, answer.status_code)
        if who == "public":
            # Signing in with nothing is refused like signing in with what is wrong.
            refused = {401} if rule.endpoint in SIGNING_IN else set()
            assert answer.status_code not in {401, 500} - refused, where
        elif rule.rule.startswith("/api/"):
            assert answer.status_code == 401, where
        elif who == "student":
            # A page opens a session of its own; it is not the owner's.
            assert answer.status_code in {200, 302, 303, 403, 404}, where
            assert scene.owner_name.encode() not in answer.data, where
        else:
            assert answer.status_code == 302, where
            assert "/admin/sign-in" in answer.headers["Location"], where


def test_another_student_never_reaches_a_record_by_its_id(scene: Scene) -> None:
    checked = 0
    for rule, method in rules(scene):
        if WHO[rule.endpoint] != "student" or rule.endpoint in ENDING:
            continue
        if not rule.arguments & {"binding_id", "submission_id", "reading_id"}:
            continue
        if not rule.rule.startswith("/api/"):
            # Pages take the cookie only.
            continue
        answer = scene.call(rule, method, "student")
        assert answer.status_code in {400, 404, 422}, (method, rule.rule)
        assert scene.owner_name not in answer.text
        if method == "GET":
            assert answer.status_code == 404, (method, rule.rule)
        checked += 1
    assert checked >= 8


def test_another_browser_never_sees_a_record_on_a_page(scene: Scene) -> None:
    client = scene.school.app.test_client()
    assert client.get(f"/s/{scene.values['token']}/consent").status_code == 200
    checked = 0
    for rule, method in rules(scene):
        if not rule.endpoint.startswith("student.") or method != "GET":
            continue
        if not rule.arguments & {"binding_id", "submission_id", "reading_id"}:
            continue
        built = rule.build({n: scene.values[n] for n in rule.arguments}, False)
        assert built is not None
        answer = client.get(built[1])
        assert answer.status_code in {302, 303, 404}, (rule.rule, answer.status_code)
        assert scene.owner_name not in answer.text
        checked += 1
    assert checked >= 6


@pytest.mark.parametrize("caller", sorted(ROLES))
def test_a_role_reaches_what_the_table_gives_it_and_nothing_else(
    scene: Scene, caller: str
) -> None:
    for rule, method in rules(scene):
        who = WHO[rule.endpoint]
        if not isinstance(who, frozenset) or rule.endpoint in ENDING:
            continue
        answer = scene.call(rule, method, caller)
        where = (method, rule.rule, answer.status_code)
        assert answer.status_code != 500, where
        assert answer.status_code != 401, where
        if ROLES[caller] in who:
            assert answer.status_code != 403, where
        else:
            assert answer.status_code == 403, where


def test_a_staff_session_is_no_students_session_and_the_reverse(scene: Scene) -> None:
    for rule, method in rules(scene):
        if not rule.rule.startswith("/api/") or rule.endpoint in ENDING:
            continue
        who = WHO[rule.endpoint]
        if who == "public":
            continue
        caller = "admin" if who == "student" else "student"
        assert scene.call(rule, method, caller).status_code == 401, rule.rule


@pytest.mark.parametrize(("username", "status"), [("cs01", 200), ("zz02", 404)])
def test_only_the_students_own_station_finds_the_record(
    tmp_path: Path, username: str, status: int
) -> None:
    school = make_school(tmp_path)
    # Even numbers are enrolled at CS01, whichever poster they scanned.
    submission = school.hand_in(2, station="ZZ02")
    client = school.client(username)
    binding = submission.binding_public_id
    for path in (
        f"/admin/records/{binding}",
        f"/admin/submissions/{submission.public_id}/portrait",
        f"/admin/submissions/{submission.public_id}/close-up/{HUMAN_RULE}.jpg",
        f"/api/v1/admin/records/{binding}",
        f"/api/v1/admin/submissions/{submission.public_id}/portrait",
    ):
        assert client.get(path).status_code == status, path
    school.db.dispose()
