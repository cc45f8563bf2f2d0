"""Backgrounds that a campaign has replaced, and who chooses which portrait is taken."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from backend.db import likenesses, upkeep
from backend.db.models import Submission
from backend.db.retention_models import DoomedFile
from backend.db.review_models import LikenessBand
from backend.db.wechat_models import PictureCheck
from backend.domain.backgrounds import CHANGE_RULE, BackgroundState, promised
from backend.domain.errors import (
    ConflictError,
    DomainError,
    GoneError,
    NotFoundError,
    PermissionDeniedError,
    RefusedError,
    UnavailableError,
)
from backend.domain.likeness import band_keys
from backend.domain.picture_check import CheckState
from backend.domain.report import Background, Verdict
from backend.domain.reviews import SubmissionStatus
from backend.services import Services
from backend.services.collecting import ConsentGiven
from backend.services.staff import OPERATOR
from backend.services.types import (
    BindingView,
    MediaKind,
    Principal,
    Source,
    SubmissionView,
)
from tests.factories import make_student
from tests.fakes import CannedInspection, Replacing
from tests.services.packing import approved, decide, package_bytes, request, unpacked
from tests.services.worlds import World, at_once, new_campaign

KEEP, STANDARD = Background.KEEP, Background.STANDARD


@pytest.fixture
def standard(world: World) -> World:
    """The school, with a campaign that replaces the background."""
    world.replace_backgrounds()
    return world


def draft(world: World, n: int = 0) -> tuple[Principal, BindingView, SubmissionView]:
    who, binding = world.bound(n)
    return who, binding, world.submit(who, binding)


def changed(world: World, n: int = 0) -> tuple[Principal, SubmissionView]:
    """Return a draft whose background was replaced."""
    who, _, photo = draft(world, n)
    return who, world.services.backgrounds.change(who, photo.public_id)


def handed_in(world: World, n: int = 0) -> SubmissionView:
    return world.pending(n)[2]


def picture(world: World, who: Principal, photo: SubmissionView, kind: str) -> bytes:
    service = world.services.submissions
    return service.media(who, photo.public_id, MediaKind(kind)).data


def row_of(world: World, photo: SubmissionView) -> Submission:
    with world.db.reading() as session:
        query = select(Submission).where(Submission.public_id == photo.public_id)
        return session.execute(query).scalar_one()


def doomed(world: World) -> set[str]:
    """Return the keys that are noted for deletion and that no row names."""
    with world.db.reading() as session:
        keys = set(session.scalars(select(DoomedFile.key)))
        return keys - upkeep.named_among(session, keys)


def strays(world: World) -> set[str]:
    """Return the keys of files that are neither named nor noted for deletion."""
    files = {file.key for file in world.adapters.store.files()}
    with world.db.reading() as session:
        noted = set(session.scalars(select(DoomedFile.key)))
        return files - noted - upkeep.file_keys(session)


# Judged at once.


def test_a_campaign_that_keeps_backgrounds_is_as_before(world: World) -> None:
    who, _, photo = draft(world)
    assert photo.background is BackgroundState.KEPT
    assert photo.can_confirm
    assert not photo.can_choose_background
    assert photo.other_report is None
    assert world.services.backgrounds.change(who, photo.public_id) == photo
    assert len(world.inspector.seen) == 1
    pending = world.services.submissions.confirm(who, photo.public_id)
    assert [step.note for step in pending.history] == ["", ""]


def test_a_photo_is_judged_for_the_background_it_is_going_to_have(
    standard: World,
) -> None:
    _, _, photo = draft(standard)
    assert photo.background is BackgroundState.DUE
    assert photo.has_portrait
    assert not photo.can_confirm
    assert not photo.can_request_review
    policy = standard.services.policies["notice-2025"]
    assert standard.inspector.policies == [promised(policy)]


def test_a_photo_without_a_portrait_has_nothing_to_replace(standard: World) -> None:
    standard.inspector.verdict = Verdict.FAIL
    who, _, photo = draft(standard)
    assert photo.background is BackgroundState.KEPT
    asked = standard.services.submissions.request_review(who, photo.public_id)
    assert asked.status is SubmissionStatus.PENDING


def test_what_is_due_cannot_be_confirmed(standard: World) -> None:
    who, _, photo = draft(standard)
    for background in (None, KEEP, STANDARD):
        with pytest.raises(ConflictError, match="background_due"):
            standard.services.submissions.confirm(
                who, photo.public_id, background=background
            )


# Replaced.


def test_a_replaced_background_keeps_the_other_portrait_beside(
    standard: World,
) -> None:
    who, binding, photo = draft(standard)
    own = picture(standard, who, photo, "portrait")
    standard.inspector.standard_verdict = Verdict.WARN
    new = standard.services.backgrounds.change(who, photo.public_id)
    assert new.background is BackgroundState.STANDARD
    assert new.report.background is STANDARD
    assert new.report.verdict is Verdict.WARN
    assert new.other_report is not None
    assert new.other_report.background is KEEP
    assert new.can_confirm
    assert new.can_choose_background
    assert picture(standard, who, new, "portrait") == b"standard " + own
    assert picture(standard, who, new, "other-portrait") == own
    assert row_of(standard, new).verdict == "warn"
    assert standard.services.submissions.current(who, binding.public_id) == new
    ordinary = standard.services.policies["notice-2025"]
    assert standard.inspector.policies[1:] == [ordinary]


def test_what_a_photo_looks_like_is_what_it_looks_like_with_its_own_background(
    standard: World,
) -> None:
    standard.inspector.likeness = "a" * 64
    who, _, photo = draft(standard)
    standard.inspector.likeness = "5" * 64
    service = standard.services.backgrounds
    service.change(who, photo.public_id)
    row_id = row_of(standard, photo).id
    for background in (KEEP, STANDARD):
        with standard.db.reading() as session:
            assert likenesses.likeness_of(session, row_id) == "a" * 64
            bands = session.scalars(select(LikenessBand.band_key)).all()
        assert sorted(bands) == sorted(band_keys("a" * 64))
        service.choose(who, photo.public_id, background)


def test_the_same_picture_is_found_under_two_names_whatever_is_behind_it(
    standard: World,
) -> None:
    standard.inspector.likeness = "a" * 64
    first = draft(standard)
    second = draft(standard, 2)
    # The portraits that are made of it look otherwise.
    standard.inspector.likeness = "5" * 64
    one = standard.hand_in(first[0], first[2])
    two = standard.hand_in(second[0], second[2])
    assert one.background is two.background is BackgroundState.STANDARD
    look = standard.services.likenesses.twins(OPERATOR, two.public_id)
    assert [twin.submission_id for twin in look] == [one.public_id]


def test_replacing_twice_is_replacing_once(standard: World) -> None:
    who, photo = changed(standard)
    looked_at = len(standard.inspector.seen)
    assert standard.services.backgrounds.change(who, photo.public_id) == photo
    assert len(standard.inspector.seen) == looked_at


def test_a_background_that_cannot_be_replaced_stays(standard: World) -> None:
    who, _, photo = draft(standard)
    own = picture(standard, who, photo, "portrait")
    standard.inspector.replacing = Replacing.REFUSED
    refused = standard.services.backgrounds.change(who, photo.public_id)
    assert refused.background is BackgroundState.REFUSED
    assert refused.report.background is KEEP
    assert CHANGE_RULE in {finding.rule for finding in refused.report.findings}
    assert picture(standard, who, refused, "portrait") == own
    assert refused.other_report is None
    assert not refused.can_choose_background
    with pytest.raises(NotFoundError, match="file_not_found"):
        picture(standard, who, refused, "other-portrait")
    with pytest.raises(RefusedError, match="background_not_replaced"):
        standard.services.backgrounds.choose(who, photo.public_id, STANDARD)
    confirmed = standard.services.submissions.confirm(who, photo.public_id)
    assert confirmed.status is SubmissionStatus.PENDING


def test_a_refused_background_may_make_the_photo_unacceptable(standard: World) -> None:
    who, _, photo = draft(standard)
    standard.inspector.replacing = Replacing.REFUSED
    standard.inspector.verdict = Verdict.FAIL
    standard.inspector.frames_failures = True
    refused = standard.services.backgrounds.change(who, photo.public_id)
    assert not refused.can_confirm
    assert refused.can_request_review


def test_who_is_not_served_yet_asks_again(standard: World) -> None:
    who, _, photo = draft(standard)
    standard.inspector.replacing = Replacing.BUSY
    with pytest.raises(UnavailableError, match="background_busy") as error:
        standard.services.backgrounds.change(who, photo.public_id)
    assert error.value.data["retry_after"] == 2
    service = standard.services.submissions
    assert service.get(who, photo.public_id) == photo
    standard.inspector.replacing = Replacing.DONE
    new = standard.services.backgrounds.change(who, photo.public_id)
    assert new.background is BackgroundState.STANDARD


def test_the_same_photo_changed_many_times_at_once_is_changed_once(
    standard: World,
) -> None:
    who, _, photo = draft(standard)
    answers = at_once(
        [lambda: standard.services.backgrounds.change(who, photo.public_id)] * 8,
        threads=8,
    )
    assert not [a for a in answers if isinstance(a, DomainError)]
    assert len({a.version for a in answers if isinstance(a, SubmissionView)}) == 1
    row = row_of(standard, photo)
    assert row.background == BackgroundState.STANDARD
    assert doomed(standard) == strays(standard) == set()
    assert not standard.services.reconcile.compare().missing


class Meanwhile:
    """An inspector during whose work something else happens."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.happens: Callable[[], object] = lambda: None

    def inspect(self, *args: object, **options: object) -> CannedInspection:
        found = self.world.inspector.inspect(*args, **options)  # type: ignore[arg-type] # passed on
        if options.get("background") is STANDARD:
            self.happens()
        return found

    def __getattr__(self, name: str) -> object:
        return getattr(self.world.inspector, name)


def test_a_photo_withdrawn_meanwhile_stays_withdrawn(standard: World) -> None:
    who, _, photo = draft(standard)
    slow = Meanwhile(standard)
    slow.happens = lambda: standard.services.submissions.withdraw(who, photo.public_id)
    services = standard.inspected_by(slow)  # type: ignore[arg-type] # does what is used
    gone = services.backgrounds.change(who, photo.public_id)
    assert gone.status is SubmissionStatus.WITHDRAWN
    row = row_of(standard, photo)
    assert (row.portrait_key, row.other_portrait_key, row.other_report) == (None,) * 3
    # Its files go, and so do those that were made for nothing.
    assert len(doomed(standard)) == 4
    assert not strays(standard)


def test_of_data_deleted_meanwhile_nothing_is_left(standard: World) -> None:
    who, binding, photo = draft(standard)
    slow = Meanwhile(standard)
    slow.happens = lambda: standard.services.erasure.erase(who, binding.public_id)
    services = standard.inspected_by(slow)  # type: ignore[arg-type] # does what is used
    with pytest.raises(NotFoundError, match="submission_not_found"):
        services.backgrounds.change(who, photo.public_id)
    assert not strays(standard)
    assert row_of(standard, photo).portrait_key is None


def test_a_photo_replaced_by_another_meanwhile_is_still_due(standard: World) -> None:
    who, binding, photo = draft(standard)
    slow = Meanwhile(standard)
    slow.happens = lambda: standard.submit(who, binding)
    services = standard.inspected_by(slow)  # type: ignore[arg-type] # does what is used
    old = services.backgrounds.change(who, photo.public_id)
    assert old.status is SubmissionStatus.SUPERSEDED
    assert old.background is BackgroundState.DUE


def test_a_campaign_may_change_its_mind(standard: World) -> None:
    who, binding, photo = draft(standard)
    done_who, done = changed(standard, 1)
    standard.replace_backgrounds(KEEP)
    # What was done stays; what was due becomes a photo like any other.
    service = standard.services.submissions
    assert service.get(done_who, done.public_id) == done
    kept = standard.services.backgrounds.change(who, photo.public_id)
    assert kept.background is BackgroundState.KEPT
    assert kept.can_confirm
    assert kept.report.background is KEEP
    assert standard.submit(who, binding).background is BackgroundState.KEPT


class Switched:
    """A photo that was judged before the campaign changed its mind."""

    def __init__(self, world: World, first: Background) -> None:
        self.world, self.first = world, first
        world.replace_backgrounds(first)
        world.inspector.verdict = Verdict.FAIL
        world.inspector.frames_failures = True
        self.who, self.binding = world.bound(0)
        self.bytes = world.photo()
        self.before = self.again()

    def again(self, services: Services | None = None) -> SubmissionView:
        """Upload the same bytes."""
        service = (services or self.world.services).submissions
        return service.submit(
            self.who, self.binding.public_id, self.bytes, filename=None
        )

    def switch(self) -> None:
        other = KEEP if self.first is STANDARD else STANDARD
        self.world.replace_backgrounds(other)
        self.world.inspector.verdict = Verdict.PASS


_EITHER_WAY = pytest.mark.parametrize(
    ("first", "state"),
    [(KEEP, BackgroundState.DUE), (STANDARD, BackgroundState.KEPT)],
)


@_EITHER_WAY
def test_the_same_bytes_are_judged_again_when_the_campaign_changed_its_mind(
    world: World, first: Background, state: BackgroundState
) -> None:
    photo = Switched(world, first)
    assert photo.again() == photo.before
    photo.switch()
    now = photo.again()
    assert now.public_id == photo.before.public_id
    assert (now.status, now.background) == (SubmissionStatus.DRAFT, state)
    assert now.report.verdict is Verdict.PASS
    assert row_of(world, now).verdict == Verdict.PASS
    ordinary = world.services.policies["notice-2025"]
    fitting = promised(ordinary) if first is KEEP else ordinary
    assert world.inspector.policies[1:] == [fitting]
    # Once is enough.
    assert photo.again() == now
    assert len(world.inspector.seen) == 2
    handed = world.hand_in(photo.who, now)
    assert handed.status is SubmissionStatus.PENDING
    with world.db.reading() as session:
        assert likenesses.likeness_of(session, row_of(world, now).id)
    assert doomed(world) == strays(world) == set()


@_EITHER_WAY
def test_a_superseded_photo_is_judged_again_when_it_is_the_draft_again(
    world: World, first: Background, state: BackgroundState
) -> None:
    photo = Switched(world, first)
    between = world.submit(photo.who, photo.binding)
    photo.switch()
    now = photo.again()
    assert now.public_id == photo.before.public_id
    assert (now.status, now.background) == (SubmissionStatus.DRAFT, state)
    assert now.report.verdict is Verdict.PASS
    assert [step.status for step in now.history] == ["draft", "superseded", "draft"]
    gone = world.services.submissions.get(photo.who, between.public_id)
    assert gone.status is SubmissionStatus.SUPERSEDED
    current = world.services.submissions.current(photo.who, photo.binding.public_id)
    assert current == now


def test_files_of_the_earlier_judgement_go_unless_another_row_names_them(
    world: World,
) -> None:
    photo = Switched(world, KEEP)
    old = row_of(world, photo.before)
    other_who, other = world.bound(1)
    world.services.submissions.submit(
        other_who, other.public_id, photo.bytes, filename=None
    )
    photo.switch()

    class Redrawing:
        """An inspector that draws otherwise than before."""

        def inspect(self, *args: object, **options: object) -> CannedInspection:
            found = world.inspector.inspect(*args, **options)  # type: ignore[arg-type] # passed on
            return replace(found, portrait=b"new", overlay=b"drawn anew")

        def __getattr__(self, name: str) -> object:
            return getattr(world.inspector, name)

    services = world.inspected_by(Redrawing())  # type: ignore[arg-type] # does what is used
    photo.again(services)
    new = row_of(world, photo.before)
    assert new.original_key == old.original_key
    assert {new.portrait_key, new.overlay_key}.isdisjoint(
        {old.portrait_key, old.overlay_key}
    )
    # The other student's photo has the same files.
    assert doomed(world) == set()
    assert not world.services.reconcile.compare().missing
    services.submissions.submit(other_who, other.public_id, photo.bytes, filename=None)
    assert doomed(world) == {old.portrait_key, old.overlay_key}
    assert not strays(world)


@_EITHER_WAY
def test_what_was_handed_in_is_not_judged_again(
    world: World, first: Background, state: BackgroundState
) -> None:
    photo = Switched(world, first)
    asked = world.services.submissions.request_review(photo.who, photo.before.public_id)
    photo.switch()
    assert photo.again() == asked
    assert asked.background is not state
    assert len(world.inspector.seen) == 1


def test_what_was_done_to_a_background_is_not_done_again(standard: World) -> None:
    photo = Switched(standard, STANDARD)
    standard.inspector.verdict = Verdict.PASS
    done = standard.services.backgrounds.change(photo.who, photo.before.public_id)
    photo.switch()
    assert photo.again() == done
    assert done.background is BackgroundState.STANDARD


def test_the_same_bytes_many_times_at_once_are_judged_again_as_one(
    world: World,
) -> None:
    photo = Switched(world, KEEP)
    photo.switch()
    answers = at_once([photo.again] * 8, threads=8)
    assert not [a for a in answers if isinstance(a, DomainError)]
    (only,) = world.services.submissions.all_of(photo.who, photo.binding.public_id)
    assert only.background is BackgroundState.DUE
    assert only.version == photo.before.version + 1


def test_a_new_campaign_begins_as_its_policy_says(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = world.services.campaigns._policies
    service = world.services.campaigns
    kept = service.create(OPERATOR, new_campaign(world, name="甲"))
    assert kept.background is KEEP
    policy = policies["notice-2025"]
    changing = replace(policy.background, treatment=STANDARD)
    changed_policy = {"notice-2025": replace(policy, background=changing)}
    monkeypatch.setattr(service, "_policies", changed_policy)
    new = service.create(OPERATOR, new_campaign(world, name="乙"))
    assert new.background is STANDARD
    # A change that says nothing of it leaves it.
    same = service.update(OPERATOR, kept.id, new_campaign(world, name="甲"))
    assert same.background is KEEP
    own = new_campaign(world, name="丙", background=KEEP)
    assert service.create(OPERATOR, own).background is KEEP


def test_a_closed_campaign_replaces_nothing(standard: World) -> None:
    who, _, photo = draft(standard)
    standard.clock.move(days=30)
    with pytest.raises(GoneError, match="campaign_closed"):
        standard.services.backgrounds.change(who, photo.public_id)


# Chosen and agreed to.


def test_choosing_and_choosing_back_changes_no_byte(standard: World) -> None:
    standard.inspector.standard_verdict = Verdict.WARN
    who, photo = changed(standard)
    before = row_of(standard, photo)
    service = standard.services.backgrounds
    portrait = picture(standard, who, photo, "portrait")
    own = service.choose(who, photo.public_id, KEEP)
    assert own.background is BackgroundState.DECLINED
    assert own.report == photo.other_report
    assert own.other_report == photo.report
    assert own.can_choose_background
    assert row_of(standard, photo).verdict == Verdict.PASS
    assert picture(standard, who, own, "other-portrait") == portrait
    assert service.choose(who, photo.public_id, KEEP) == own
    back = service.choose(who, photo.public_id, STANDARD)
    after = row_of(standard, photo)
    for name in ("portrait_key", "other_portrait_key", "report", "other_report"):
        assert getattr(after, name) == getattr(before, name)
    assert (after.verdict, after.background) == (before.verdict, before.background)
    assert picture(standard, who, back, "portrait") == portrait
    assert doomed(standard) == set()


def test_an_own_background_that_the_rules_refuse_is_not_taken(standard: World) -> None:
    who, _, photo = draft(standard)
    standard.inspector.verdict = Verdict.FAIL
    standard.inspector.frames_failures = True
    new = standard.services.backgrounds.change(who, photo.public_id)
    assert new.can_confirm
    assert not new.can_choose_background
    with pytest.raises(RefusedError, match="own_background_not_acceptable"):
        standard.services.backgrounds.choose(who, photo.public_id, KEEP)


def test_there_is_nothing_to_choose_before_it_is_done(standard: World) -> None:
    who, _, photo = draft(standard)
    for background in Background:
        with pytest.raises(ConflictError, match="background_due"):
            standard.services.backgrounds.choose(who, photo.public_id, background)


def test_a_replaced_background_has_to_be_agreed_to(standard: World) -> None:
    who, photo = changed(standard)
    service = standard.services.submissions
    for background in (None, KEEP):
        with pytest.raises(RefusedError, match="background_not_agreed"):
            service.confirm(who, photo.public_id, background=background)
    pending = service.confirm(who, photo.public_id, background=STANDARD)
    assert pending.status is SubmissionStatus.PENDING
    assert pending.history[-1].note == "同意使用标准背景"
    assert not pending.can_choose_background
    with pytest.raises(ConflictError, match="illegal_transition"):
        standard.services.backgrounds.choose(who, photo.public_id, KEEP)


def test_the_own_background_is_agreed_to_as_well(standard: World) -> None:
    who, photo = changed(standard)
    standard.services.backgrounds.choose(who, photo.public_id, KEEP)
    service = standard.services.submissions
    for background in (None, STANDARD):
        with pytest.raises(RefusedError, match="background_not_agreed"):
            service.confirm(who, photo.public_id, background=background)
    pending = service.confirm(who, photo.public_id, background=KEEP)
    assert pending.history[-1].note == "同意使用原背景"


def test_who_asks_for_a_person_agrees_to_a_background_as_well(
    standard: World,
) -> None:
    standard.inspector.standard_verdict = Verdict.FAIL
    who, photo = changed(standard)
    assert photo.can_request_review
    service = standard.services.submissions
    for background in (None, KEEP):
        with pytest.raises(RefusedError, match="background_not_agreed"):
            service.request_review(who, photo.public_id, background=background)
    asked = service.request_review(who, photo.public_id, background=STANDARD)
    assert asked.status is SubmissionStatus.PENDING
    assert asked.history[-1].note == "同意使用标准背景"


def test_who_asks_for_a_person_may_have_chosen_the_own_background(
    standard: World,
) -> None:
    who, photo = changed(standard)
    standard.services.backgrounds.choose(who, photo.public_id, KEEP)
    with standard.db.transaction() as session:
        session.get_one(Submission, row_of(standard, photo).id).verdict = "fail"
    service = standard.services.submissions
    with pytest.raises(RefusedError, match="background_not_agreed"):
        service.request_review(who, photo.public_id, background=STANDARD)
    asked = service.request_review(who, photo.public_id, background=KEEP)
    assert asked.history[-1].note == "同意使用原背景"


def test_who_asks_for_a_person_before_it_is_replaced_agrees_to_no_background(
    standard: World,
) -> None:
    standard.inspector.verdict = Verdict.FAIL
    standard.inspector.frames_failures = True
    who, _, photo = draft(standard)
    service = standard.services.submissions
    with pytest.raises(RefusedError, match="background_not_agreed"):
        service.request_review(who, photo.public_id, background=STANDARD)
    asked = service.request_review(who, photo.public_id)
    assert asked.background is BackgroundState.DUE
    assert asked.history[-1].note == ""


def test_photos_of_others_are_not_found(standard: World) -> None:
    _, photo = changed(standard)
    other, service = standard.principal(), standard.services.backgrounds
    with pytest.raises(NotFoundError, match="submission_not_found"):
        service.change(other, photo.public_id)
    with pytest.raises(NotFoundError, match="submission_not_found"):
        service.choose(other, photo.public_id, KEEP)


def test_what_was_chosen_elsewhere_is_not_what_was_agreed_to(standard: World) -> None:
    who, photo = changed(standard)
    services = standard.services
    answers = at_once(
        [
            lambda: services.submissions.confirm(
                who, photo.public_id, background=STANDARD
            ),
            lambda: services.backgrounds.choose(who, photo.public_id, KEEP),
        ],
        threads=2,
    )
    refused = [a.code for a in answers if isinstance(a, DomainError)]
    now = services.submissions.get(who, photo.public_id)
    if now.status is SubmissionStatus.PENDING:
        assert now.background is BackgroundState.STANDARD
        assert refused == ["illegal_transition"]
    else:
        assert now.background is BackgroundState.DECLINED
        assert refused == ["background_not_agreed"]


# Staff.


def test_a_reviewer_may_take_the_other_portrait(standard: World) -> None:
    photo = handed_in(standard)
    reviewer = standard.staff["reviewer"]
    record = standard.services.backgrounds.choose_as_staff
    own = record(reviewer, photo.public_id, KEEP, version=photo.version)
    assert own.background is BackgroundState.DECLINED
    assert own.can_choose_background
    last = own.history[-1]
    assert (last.status, last.by, last.who) == ("background", "staff", "reviewer")
    assert last.note == "原背景"
    audited = standard.services.audit.page(OPERATOR).items[0]
    assert audited.action == "submission.background"
    assert (audited.actor, audited.detail) == ("reviewer", "keep")
    with pytest.raises(ConflictError, match="stale_decision"):
        record(reviewer, photo.public_id, STANDARD, version=photo.version)
    approved = standard.services.reviews.decide(
        reviewer,
        photo.public_id,
        action="approve",
        reasons=(),
        note="",
        expected_version=own.version,
    )
    assert not approved.can_choose_background
    with pytest.raises(ConflictError, match="illegal_transition"):
        record(reviewer, photo.public_id, STANDARD, version=approved.version)


def test_a_reviewer_has_what_is_due_done(standard: World) -> None:
    standard.inspector.verdict = Verdict.FAIL
    standard.inspector.frames_failures = True
    who, _, failing = draft(standard)
    assert failing.background is BackgroundState.DUE
    service = standard.services.backgrounds
    reviewer = standard.staff["reviewer"]
    # A draft is the student's.
    assert service.change_as_staff(reviewer, failing.public_id).version == 1
    asked = standard.services.submissions.request_review(who, failing.public_id)
    # The student handed it in: it is not theirs to change any more.
    assert service.change(who, asked.public_id) == asked
    done = service.change_as_staff(reviewer, asked.public_id)
    assert done.background is BackgroundState.STANDARD
    assert done.history[-1].note == "标准背景"
    assert service.change_as_staff(reviewer, asked.public_id) == done


def asked_while_due(world: World) -> SubmissionView:
    """Return a photo on which a person is to decide, its background not replaced yet."""
    world.inspector.verdict = Verdict.FAIL
    world.inspector.frames_failures = True
    who, _, failing = draft(world)
    return world.services.submissions.request_review(who, failing.public_id)


def as_staff(world: World, photo: SubmissionView) -> SubmissionView:
    return world.services.search.submission(OPERATOR, photo.public_id).view


def test_what_is_due_is_not_approved(standard: World) -> None:
    photo = asked_while_due(standard)
    assert not as_staff(standard, photo).can_approve
    with pytest.raises(ConflictError, match="background_due"):
        decide(standard, photo)
    assert as_staff(standard, photo).status is SubmissionStatus.PENDING
    done = standard.services.backgrounds.change_as_staff(OPERATOR, photo.public_id)
    assert done.can_approve
    decide(standard, done)
    approved = as_staff(standard, photo)
    assert approved.status is SubmissionStatus.APPROVED
    assert not approved.can_approve
    # What staff may do is not told to the owner.
    assert not photo.can_approve


def test_what_is_due_may_be_returned(standard: World) -> None:
    photo = asked_while_due(standard)
    returned = standard.services.reviews.decide(
        OPERATOR,
        photo.public_id,
        action="return",
        reasons=("背景不均匀",),
        note="",
        expected_version=photo.version,
    )
    assert returned.status is SubmissionStatus.RETURNED


def test_what_was_due_and_cannot_be_replaced_any_more_may_be_approved(
    standard: World,
) -> None:
    photo = asked_while_due(standard)
    with standard.db.transaction() as session:
        session.get_one(Submission, row_of(standard, photo).id).original_key = None
    photo = as_staff(standard, photo)
    assert photo.can_approve
    decide(standard, photo)
    assert as_staff(standard, photo).status is SubmissionStatus.APPROVED


def test_station_accounts_do_not_review(standard: World) -> None:
    photo = handed_in(standard)
    service, station = standard.services.backgrounds, standard.staff["cs01"]
    with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
        service.choose_as_staff(station, photo.public_id, KEEP, version=photo.version)
    with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
        service.change_as_staff(station, photo.public_id)


def test_forbidden_pictures_are_left_to_administrators(standard: World) -> None:
    photo = handed_in(standard)
    row = row_of(standard, photo)
    now = standard.clock.now()
    with standard.db.transaction() as session:
        session.add(
            PictureCheck(
                submission_id=row.id,
                state=CheckState.RISKY.value,
                label="",
                attempts=1,
                due_at=now,
                created_at=now,
            )
        )
    service = standard.services.backgrounds
    with pytest.raises(ConflictError, match="quarantined"):
        service.choose_as_staff(
            standard.staff["reviewer"], photo.public_id, KEEP, version=photo.version
        )
    with pytest.raises(ConflictError, match="quarantined"):
        service.change_as_staff(standard.staff["reviewer"], photo.public_id)
    own = service.choose_as_staff(
        OPERATOR, photo.public_id, KEEP, version=photo.version
    )
    assert own.background is BackgroundState.DECLINED


def test_a_station_has_its_own_students_backgrounds_replaced(standard: World) -> None:
    desk, station = standard.services.collecting, standard.staff["cs01"]
    (student,) = desk.find(station, standard.campaign, make_student(0).student_no)
    student = desk.open(station, student.id, code=None, consent=ConsentGiven.IN_PERSON)
    photo = desk.submit(
        station,
        student.binding_id or "",
        standard.photo(),
        filename=None,
        source=Source.ON_SITE,
    )
    asks: tuple[Callable[[], SubmissionView], ...] = (
        lambda: desk.change_background(standard.staff["zz02"], photo.public_id),
        lambda: desk.choose_background(standard.staff["zz02"], photo.public_id, KEEP),
        lambda: desk.confirm(
            standard.staff["zz02"], photo.public_id, background=STANDARD
        ),
    )
    for ask in asks:
        with pytest.raises(NotFoundError, match="submission_not_found"):
            ask()
    assert desk.change_background(station, photo.public_id).can_confirm
    own = desk.choose_background(station, photo.public_id, KEEP)
    assert own.background is BackgroundState.DECLINED
    done = desk.confirm(station, photo.public_id, background=KEEP)
    assert (done.history[-1].by, done.history[-1].note) == ("staff", "同意使用原背景")


# What goes with a photo.


def test_the_own_data_holds_both_portraits(standard: World) -> None:
    who, photo = changed(standard)
    found = {
        p.name.partition(".")[0]: p.data
        for p in standard.services.own_data.pictures(who)
    }
    own = picture(standard, who, photo, "other-portrait")
    assert found["record-1/photo-1-other-portrait"] == own
    assert found["record-1/photo-1-portrait"] == b"standard " + own
    (record,) = standard.services.own_data.collect(who).records
    assert MediaKind.OTHER_PORTRAIT in record.photos[0].pictures
    assert record.photos[0].view.other_report is not None


def test_deleting_all_data_takes_both_portraits(standard: World) -> None:
    who, binding, photo = standard.pending(0)
    receipt = standard.services.erasure.erase(who, binding.public_id)
    assert receipt.files == 4
    row = row_of(standard, photo)
    assert (row.other_portrait_key, row.other_report) == (None, None)
    assert len(doomed(standard)) == 4
    assert not strays(standard)


def test_the_other_portrait_is_kept_as_long_as_the_original(standard: World) -> None:
    photo = handed_in(standard)
    with standard.db.transaction() as session:
        row = session.get_one(Submission, row_of(standard, photo).id)
        row.status = SubmissionStatus.ACCEPTED.value
    portrait = row.portrait_key
    standard.clock.move(days=30 + 179)
    standard.services.purge.run()
    assert row_of(standard, photo).other_portrait_key == row.other_portrait_key
    standard.clock.move(days=2)
    standard.services.purge.run()
    after = row_of(standard, photo)
    assert (after.original_key, after.overlay_key) == (None, None)
    assert (after.other_portrait_key, after.other_report) == (None, None)
    assert after.portrait_key == portrait
    assert after.background == BackgroundState.STANDARD
    assert after.report["findings"]
    standard.clock.move(days=400)
    standard.services.purge.run()
    assert not list(standard.adapters.store.files())


def test_a_portrait_beside_is_not_forgotten_when_the_original_is_gone(
    standard: World,
) -> None:
    photo = handed_in(standard)
    with standard.db.transaction() as session:
        row = session.get_one(Submission, row_of(standard, photo).id)
        row.original_key = row.overlay_key = None
    standard.clock.move(days=30 + 181)
    standard.services.purge.run()
    assert row_of(standard, photo).other_portrait_key is None


def test_an_unconfirmed_photo_goes_with_both_portraits(standard: World) -> None:
    _, photo = changed(standard)
    standard.clock.move(days=30 + 91)
    standard.services.purge.run()
    row = row_of(standard, photo)
    assert (row.other_portrait_key, row.other_report) == (None, None)
    assert not strays(standard)


def test_the_list_of_a_delivery_says_what_was_done(standard: World) -> None:
    people = approved(standard, 0)
    declined = standard.pending(1)[2]
    reviewer = standard.staff["reviewer"]
    declined = standard.services.backgrounds.choose_as_staff(
        reviewer, declined.public_id, KEEP, version=declined.version
    )
    decide(standard, declined)
    standard.replace_backgrounds(KEEP)
    approved(standard, 2)
    number = standard.services.deliveries.create(OPERATOR, request(standard))
    files = unpacked(package_bytes(standard, number))
    rows = list(csv.DictReader(files["list.csv"].decode("utf-8-sig").splitlines()))
    said = {row["学号"]: row["背景"] for row in rows}
    assert said == {
        make_student(0).student_no: "标准背景",
        make_student(1).student_no: "原背景",
        make_student(2).student_no: "原背景",
    }
    portrait = files[f"photos/{make_student(0).student_no}.jpg"]
    assert portrait == picture(standard, people[0].who, people[0].photo, "portrait")
    # What was frozen stays, whatever the row says later.
    with standard.db.transaction() as session:
        session.execute(update(Submission).values(background="declined"))
    assert unpacked(package_bytes(standard, number)) == files


def test_withdrawing_takes_both_portraits(standard: World) -> None:
    who, photo = changed(standard)
    gone = standard.services.submissions.withdraw(who, photo.public_id)
    assert gone.other_report is None
    row = row_of(standard, photo)
    assert row.other_portrait_key is None
    assert len(doomed(standard)) == 4
    assert not strays(standard)
