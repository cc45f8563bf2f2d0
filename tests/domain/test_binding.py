from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.binding import (
    Adopt,
    AlreadyMine,
    Bind,
    BindingFacts,
    CampaignFacts,
    Holding,
    Join,
    Outcome,
    RefusalCode,
    Refuse,
    RosterRow,
    Typed,
    Wait,
    WaitReason,
    decide,
)
from backend.domain.codes import Claims, CollectionCode

CAMPAIGN = CampaignFacts(id=1, school_code="99999")
CLAIMS = Claims(
    school_code="99999",
    student_no="0001",
    level="本科",
    masked_name="张*试",
    id_last4="002X",
)
CODE = CollectionCode("token-1", CLAIMS, "raw")
OPAQUE = CollectionCode("token-1", None, "raw")
TYPED = Typed(name=None, id_last6="31002X")
NAMED = Typed(name="张 测试", id_last6="31002X")
ROW = RosterRow(
    student_id=7,
    station_id=3,
    name="张测试",
    student_no="0001",
    level="专升本",
    id_last6_matches=True,
    id_last4_matches=True,
    code_matches=None,
    exempt=False,
)
STRANGER = replace(ROW, student_id=8, name="李样例", student_no="0002")
NOTHING = BindingFacts()
WAITING = Wait(WaitReason.NOT_ON_ROSTER)


def ask(
    *rows: RosterRow,
    code: CollectionCode = CODE,
    typed: Typed = TYPED,
    campaign: CampaignFacts = CAMPAIGN,
    bindings: BindingFacts = NOTHING,
    station: int | None = 3,
) -> Outcome:
    return decide(
        code, typed, campaign, rows, scanning_station_id=station, bindings=bindings
    )


def with_claims(**changes: str | None) -> CollectionCode:
    return CollectionCode("token-1", replace(CLAIMS, **changes), "raw")  # type: ignore[arg-type]


def held(*, mine: bool, student_id: int | None = 7) -> BindingFacts:
    return BindingFacts(of_code=Holding(5, student_id, mine))


def kept_by_staff(*, codeless: bool) -> BindingFacts:
    return BindingFacts(of_students={7: Holding(5, 7, mine=False, codeless=codeless)})


def test_a_student_brings_the_code_to_what_staff_hold_for_them() -> None:
    assert ask(ROW, bindings=kept_by_staff(codeless=True)) == Adopt(5)
    # The roster's code and an exemption still decide first.
    other = replace(ROW, code_matches=False)
    assert ask(other, bindings=kept_by_staff(codeless=True)) == Refuse(
        RefusalCode.CODE_DIFFERS_FROM_ROSTER
    )
    # A wrong last six proves nobody, whoever holds what.
    wrong = replace(ROW, id_last6_matches=False)
    assert ask(wrong, bindings=kept_by_staff(codeless=True)) == WAITING


def test_a_binding_with_a_code_is_not_to_be_adopted() -> None:
    assert ask(ROW, bindings=kept_by_staff(codeless=False)) == Refuse(
        RefusalCode.STUDENT_TAKEN
    )


def test_a_waiting_request_keeps_its_own_photo_apart() -> None:
    facts = replace(kept_by_staff(codeless=True), of_code=Holding(6, None, mine=True))
    assert ask(ROW, bindings=facts) == Refuse(RefusalCode.STUDENT_TAKEN)


def test_all_agrees() -> None:
    assert ask(ROW, STRANGER) == Bind(7, other_station=False)
    assert ask(ROW, typed=NAMED) == Bind(7, other_station=False)
    assert ask(ROW, typed=Typed("  ", "31002X")) == Bind(7, other_station=False)
    assert ask(ROW, code=OPAQUE, typed=NAMED) == Bind(7, other_station=False)


def test_a_poster_of_another_station_binds_and_says_so() -> None:
    assert ask(ROW, station=4) == Bind(7, other_station=True)
    assert ask(ROW, station=None) == Bind(7, other_station=False)
    assert ask(replace(ROW, station_id=None)) == Bind(7, other_station=False)


@pytest.mark.parametrize("code", [OPAQUE, with_claims(student_no=None)])
@pytest.mark.parametrize("name", [None, "", " \u200b"])
def test_a_code_that_tells_too_little_needs_the_name(
    code: CollectionCode, name: str | None
) -> None:
    typed = Typed(name, "31002X")
    assert ask(ROW, code=code, typed=typed) == Refuse(RefusalCode.NAME_REQUIRED)
    assert ask(code=code, typed=typed) == Refuse(RefusalCode.NAME_REQUIRED)


def test_a_mask_without_a_visible_character_proves_nothing() -> None:
    code = with_claims(masked_name="***")
    assert ask(ROW, code=code) == Refuse(RefusalCode.NAME_REQUIRED)
    assert ask(ROW, code=code, typed=NAMED) == Bind(7, other_station=False)


def test_another_school_is_named_only_when_the_campaign_has_a_code() -> None:
    code = with_claims(school_code="12345")
    assert ask(ROW, code=code) == Refuse(RefusalCode.CODE_OF_OTHER_SCHOOL)
    open_campaign = CampaignFacts(1, None)
    assert ask(ROW, code=code, campaign=open_campaign) == Bind(7, other_station=False)
    assert ask(ROW, code=with_claims(school_code=None)) == Bind(7, other_station=False)


@pytest.mark.parametrize(
    "typed",
    [
        Typed(None, "319999"),
        Typed("张测试", "319999"),
        Typed("李测试", "31002X"),
        Typed("张测", "31002X"),
        Typed("李样例", "319999"),
    ],
)
@pytest.mark.parametrize("rows", [(), (ROW,), (STRANGER,), (ROW, STRANGER)])
def test_card_and_typing_that_disagree_get_one_answer_whatever_the_roster(
    typed: Typed, rows: tuple[RosterRow, ...]
) -> None:
    assert ask(*rows, typed=typed) == Refuse(RefusalCode.IDENTITY_MISMATCH)


@pytest.mark.parametrize(
    "rows",
    [
        (),
        (replace(ROW, id_last6_matches=False),),
        (replace(ROW, name="李样例"),),
        (replace(ROW, name="张样试试"),),
        (replace(ROW, id_last6_matches=False, student_no="0002"),),
        (replace(ROW, id_last4_matches=False),),
        (replace(ROW, exempt=True, id_last6_matches=False),),
        (replace(ROW, code_matches=True, id_last6_matches=False), STRANGER),
    ],
)
def test_nothing_of_the_roster_is_told_before_the_person_is_proven(
    rows: tuple[RosterRow, ...],
) -> None:
    assert ask(*rows) == WAITING
    assert ask(*rows, code=OPAQUE, typed=NAMED) == WAITING


def test_the_code_of_another_enrolment_is_named_with_the_level_needed() -> None:
    other = replace(ROW, student_no="0099", level="高起专")
    wanted = RefusalCode.CODE_OF_OTHER_ENROLMENT
    assert ask(other) == Refuse(wanted, level="高起专")
    assert ask(replace(ROW, level="高起专")) == Refuse(wanted, level="高起专")
    third = replace(other, student_id=9, student_no="0098", level="专升本")
    assert ask(other, third) == Refuse(wanted, level=None)


def test_an_exempt_enrolment_is_not_the_one_whose_code_is_needed() -> None:
    assert ask(replace(ROW, student_no="0099", exempt=True)) == WAITING


def test_the_right_one_of_two_enrolments_is_found_by_student_number_or_level() -> None:
    other = replace(ROW, student_id=9, student_no="0099", level="高起专")
    assert ask(other, ROW) == Bind(7, other_station=False)
    nameless = [replace(row, student_no="") for row in (other, ROW)]
    assert ask(*nameless) == Bind(7, other_station=False)
    code = with_claims(student_no=None)
    assert ask(other, ROW, code=code, typed=NAMED) == Bind(7, other_station=False)


def test_an_opaque_code_and_two_enrolments_wait_for_the_station() -> None:
    other = replace(ROW, student_id=9, student_no="0099", level="高起专")
    several = Wait(WaitReason.SEVERAL_ENROLMENTS)
    assert ask(other, ROW, code=OPAQUE, typed=NAMED) == several
    coded = replace(other, code_matches=True)
    assert ask(coded, ROW, code=OPAQUE, typed=NAMED) == Bind(9, other_station=False)
    mine = held(mine=True)
    assert ask(coded, ROW, code=OPAQUE, typed=NAMED, bindings=mine) == AlreadyMine(5)


def test_an_exempt_student_is_told_so() -> None:
    assert ask(replace(ROW, exempt=True)) == Refuse(RefusalCode.EXEMPT)


def test_a_code_that_the_roster_knows_differently_is_refused() -> None:
    refused = Refuse(RefusalCode.CODE_DIFFERS_FROM_ROSTER)
    assert ask(replace(ROW, code_matches=False)) == refused
    assert ask(replace(ROW, code_matches=True)) == Bind(7, other_station=False)


def test_a_code_bound_by_somebody_else_is_taken_proven_or_not() -> None:
    facts = held(mine=False)
    assert ask(ROW, bindings=facts) == Refuse(RefusalCode.CODE_TAKEN)
    assert ask(STRANGER, bindings=facts) == Refuse(RefusalCode.CODE_TAKEN)


def test_a_repeated_request_gets_its_own_receipt_only_with_the_proof() -> None:
    facts = held(mine=True)
    assert ask(ROW, bindings=facts) == AlreadyMine(5)
    mismatch = Refuse(RefusalCode.IDENTITY_MISMATCH)
    assert ask(STRANGER, bindings=facts) == mismatch
    elsewhere = held(mine=True, student_id=8)
    assert ask(ROW, bindings=elsewhere) == Refuse(RefusalCode.CODE_TAKEN)


def test_a_student_bound_with_another_code() -> None:
    mine = BindingFacts(of_students={7: Holding(6, 7, mine=True)})
    assert ask(ROW, bindings=mine) == Refuse(RefusalCode.STUDENT_HAS_OTHER_CODE)
    theirs = BindingFacts(of_students={7: Holding(6, 7, mine=False)})
    assert ask(ROW, bindings=theirs) == Refuse(RefusalCode.STUDENT_TAKEN)
    known = replace(ROW, code_matches=False)
    assert ask(known, bindings=theirs) == Refuse(RefusalCode.STUDENT_TAKEN)


def test_a_waiting_request_gives_way_to_the_proof() -> None:
    for mine in (True, False):
        facts = held(mine=mine, student_id=None)
        bound = Bind(7, other_station=False, waiting_binding_id=5)
        assert ask(ROW, bindings=facts) == bound


def test_one_code_waits_once() -> None:
    mine = held(mine=True, student_id=None)
    assert ask(bindings=mine) == Wait(WaitReason.NOT_ON_ROSTER, waiting_binding_id=5)
    theirs = held(mine=False, student_id=None)
    assert ask(bindings=theirs) == Refuse(RefusalCode.CODE_TAKEN)


def test_repr_hides_who_it_is_about() -> None:
    text = f"{TYPED!r}{NAMED!r}{ROW!r}"
    for secret in ("张", "31002X", "0001"):
        assert secret not in text


# Small alphabets, so that rows and requests meet often.
_names = st.sampled_from(["张测试", "张样试", "李样例"])
_levels = st.sampled_from(["专升本", "高起专", "其他", ""])
_numbers = st.sampled_from(["0001", "0002", ""])
_maybe = st.sampled_from([None, True, False])
_rows = st.lists(
    st.builds(
        RosterRow,
        student_id=st.integers(1, 4),
        station_id=st.sampled_from([None, 1, 2]),
        name=_names,
        student_no=_numbers,
        level=_levels,
        id_last6_matches=st.booleans(),
        id_last4_matches=_maybe,
        code_matches=_maybe,
        exempt=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda row: row.student_id,
)
_claims = st.none() | st.builds(
    Claims,
    school_code=st.sampled_from([None, "99999", "11111"]),
    student_no=st.sampled_from([None, "0001", "0002"]),
    level=st.none() | _levels,
    masked_name=st.sampled_from([None, "张*试", "***", "李样*"]),
    id_last4=st.sampled_from([None, "002X", "1111"]),
)
_codes = _claims.map(lambda claims: CollectionCode("token-1", claims, "raw"))
_typed = st.builds(
    Typed, st.none() | _names, st.sampled_from(["31002X", "311111", "311112"])
)
_campaigns = st.builds(CampaignFacts, st.just(1), st.sampled_from([None, "99999"]))
_holdings = st.builds(
    Holding,
    st.integers(10, 12),
    st.none() | st.integers(1, 4),
    mine=st.booleans(),
    joinable=st.booleans(),
)
_students_held = st.dictionaries(
    st.integers(1, 4),
    st.builds(Holding, st.integers(20, 23), st.just(1), mine=st.booleans()),
    max_size=3,
)
_facts = st.builds(BindingFacts, st.none() | _holdings, _students_held)
_asked = {
    "code": _codes,
    "typed": _typed,
    "campaign": _campaigns,
    "bindings": _facts,
    "station": st.sampled_from([None, 1, 2]),
}


def proven(row: RosterRow, code: CollectionCode, typed: Typed) -> bool:
    """The rule told again in another way: last six, and the name or its mask."""
    if not row.id_last6_matches or row.id_last4_matches is False:
        return False
    if typed.name:
        return row.name == typed.name
    mask = code.claims.masked_name if code.claims else None
    if mask is None or set(mask) == {"*"} or len(mask) != len(row.name):
        return False
    return all(m in ("*", c) for m, c in zip(mask, row.name, strict=True))


@settings(max_examples=400)
@given(rows=_rows, asked=st.fixed_dictionaries(_asked))
def test_a_binding_is_only_made_for_a_proven_free_student(
    rows: list[RosterRow], asked: dict[str, object]
) -> None:
    outcome = ask(*rows, **asked)  # type: ignore[arg-type]
    code, typed, facts = asked["code"], asked["typed"], asked["bindings"]
    assert isinstance(code, CollectionCode)
    assert isinstance(typed, Typed)
    assert isinstance(facts, BindingFacts)
    if not isinstance(outcome, Bind):
        return
    (row,) = [row for row in rows if row.student_id == outcome.student_id]
    assert row.id_last6_matches
    assert proven(row, code, typed)
    assert not row.exempt
    assert row.code_matches is not False
    assert row.student_id not in facts.of_students
    assert facts.of_code is None or facts.of_code.student_id is None
    if code.claims and code.claims.student_no and row.student_no:
        assert code.claims.student_no == row.student_no
    if code.claims and code.claims.id_last4:
        assert typed.id_last6.endswith(code.claims.id_last4)


@settings(max_examples=400)
@given(rows=_rows, asked=st.fixed_dictionaries(_asked))
def test_rows_that_prove_nothing_change_nothing(
    rows: list[RosterRow], asked: dict[str, object]
) -> None:
    code, typed = asked["code"], asked["typed"]
    assert isinstance(code, CollectionCode)
    assert isinstance(typed, Typed)
    seen = [row for row in rows if proven(row, code, typed)]
    assert ask(*rows, **asked) == ask(*seen, **asked)  # type: ignore[arg-type]


@settings(max_examples=200)
@given(rows=_rows, data=st.data(), asked=st.fixed_dictionaries(_asked))
def test_the_order_of_candidates_does_not_matter(
    rows: list[RosterRow], data: st.DataObject, asked: dict[str, object]
) -> None:
    shuffled = data.draw(st.permutations(rows))
    assert ask(*rows, **asked) == ask(*shuffled, **asked)  # type: ignore[arg-type]


@given(rows=_rows, asked=st.fixed_dictionaries(_asked))
def test_a_code_bound_by_another_principal_is_never_bound_again(
    rows: list[RosterRow], asked: dict[str, object]
) -> None:
    asked |= {"bindings": held(mine=False, student_id=1)}
    assert isinstance(ask(*rows, **asked), Refuse)  # type: ignore[arg-type]


@settings(max_examples=400)
@given(rows=_rows, asked=st.fixed_dictionaries(_asked))
def test_only_the_proven_student_joins_and_only_by_a_free_channel(
    rows: list[RosterRow], asked: dict[str, object]
) -> None:
    outcome = ask(*rows, **asked)  # type: ignore[arg-type]
    code, typed, facts = asked["code"], asked["typed"], asked["bindings"]
    assert isinstance(code, CollectionCode)
    assert isinstance(typed, Typed)
    assert isinstance(facts, BindingFacts)
    if not isinstance(outcome, Join):
        return
    assert facts.of_code is not None
    assert facts.of_code.joinable
    assert not facts.of_code.mine
    assert outcome.binding_id == facts.of_code.binding_id
    (row,) = [row for row in rows if row.student_id == facts.of_code.student_id]
    assert proven(row, code, typed)


def test_the_same_person_by_another_channel_joins() -> None:
    other = BindingFacts(of_code=Holding(5, 7, mine=False, joinable=True))
    assert ask(ROW, bindings=other) == Join(5)
    unproven = replace(ROW, id_last6_matches=False)
    assert ask(unproven, bindings=other) == Refuse(RefusalCode.CODE_TAKEN)
    closed = BindingFacts(of_code=Holding(5, 7, mine=False))
    assert ask(ROW, bindings=closed) == Refuse(RefusalCode.CODE_TAKEN)


@given(rows=_rows, asked=st.fixed_dictionaries(_asked))
def test_a_receipt_is_only_handed_to_its_owner(
    rows: list[RosterRow], asked: dict[str, object]
) -> None:
    outcome = ask(*rows, **asked)  # type: ignore[arg-type]
    facts = asked["bindings"]
    assert isinstance(facts, BindingFacts)
    if isinstance(outcome, AlreadyMine):
        assert facts.of_code is not None
        assert facts.of_code.mine
        assert outcome.binding_id == facts.of_code.binding_id
