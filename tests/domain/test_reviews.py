"""The life of a submission: which step may follow which, and that no other may."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.errors import ConflictError
from backend.domain.reviews import (
    HANDED_IN,
    SETTLED,
    TRANSITIONS,
    Action,
    SubmissionStatus,
    may,
    next_status,
)

S, A = SubmissionStatus, Action
#: Written out a second time on purpose: a step added by accident is noticed here.
STEPS = {
    "draft": {"confirm": "pending", "supersede": "superseded", "withdraw": "withdrawn"},
    "pending": {
        "approve": "approved",
        "return": "returned",
        "supersede": "superseded",
        "withdraw": "withdrawn",
    },
    "approved": {"return": "returned", "reopen": "pending", "deliver": "delivered"},
    "returned": {
        "reopen": "pending",
        "supersede": "superseded",
        "withdraw": "withdrawn",
    },
    "delivered": {
        "recall": "approved",
        "accept": "accepted",
        "send_back": "sent_back",
    },
    "accepted": {"send_back": "sent_back"},
    "sent_back": {
        "accept": "accepted",
        "supersede": "superseded",
        "withdraw": "withdrawn",
    },
    "superseded": {"revive": "draft", "withdraw": "withdrawn"},
    "withdrawn": {},
}


@pytest.mark.parametrize(("status", "action"), list(product(S, A)))
def test_each_action_leads_where_it_should_or_is_refused(
    status: SubmissionStatus, action: Action
) -> None:
    following = STEPS[status.value].get(action.value)
    assert may(status, action) is (following is not None)
    if following is not None:
        assert next_status(status, action) == following
        return
    with pytest.raises(ConflictError) as refusal:
        next_status(status, action)
    assert refusal.value.code == "illegal_transition"
    assert refusal.value.data == {"status": status.value, "action": action.value}


@given(st.lists(st.sampled_from(A), max_size=30))
def test_no_portrait_is_approved_that_was_not_confirmed(actions: list[Action]) -> None:
    status, confirmed = S.DRAFT, False
    for action in actions:
        if not may(status, action):
            continue
        status = next_status(status, action)
        # A draft that is revived has to be confirmed again.
        confirmed = status is not S.DRAFT and (confirmed or action is A.CONFIRM)
        assert status not in HANDED_IN or confirmed


@pytest.mark.parametrize("status", sorted(SETTLED))
def test_what_is_settled_is_neither_replaced_nor_withdrawn(
    status: SubmissionStatus,
) -> None:
    assert not may(status, A.SUPERSEDE)
    assert not may(status, A.WITHDRAW)


def test_everything_settled_was_handed_in() -> None:
    assert SETTLED < HANDED_IN
    assert HANDED_IN.isdisjoint({S.DRAFT, S.SUPERSEDED, S.WITHDRAWN})


def test_no_action_leaves_a_status_as_it_is() -> None:
    assert all(before is not after for (before, _), after in TRANSITIONS.items())


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[S.DRAFT, A.APPROVE] = S.APPROVED  # type: ignore[index] # the point
