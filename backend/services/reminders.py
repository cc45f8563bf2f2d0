"""Reminding students in WeChat of the photo that is still missing, at most once a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from backend.db import entries, journal, outbox, progress
from backend.db.campaign_rules import campaign_spans
from backend.db.engine import Database, Session
from backend.db.models import Campaign
from backend.db.progress import Receiver, Scope
from backend.domain.campaigns import EntryState, spans_state
from backend.domain.errors import PermissionDeniedError
from backend.domain.progress import GROUPS, Group, local_day, start_of_day
from backend.domain.wechat import MessageKind
from backend.ports import Clock, Job, Jobs
from backend.services.entries import refuse_state
from backend.services.outbox import Templates
from backend.services.progress import scope_of, scope_words
from backend.services.progress_types import Reach, StudentFilter
from backend.services.types import Role, StaffUser

#: What the students agreed to be told: the campaign ends and their photo is missing.
_KIND = MessageKind.CLOSING


class ReminderService:
    """Sends what staff ask to be sent to those who miss their photo."""

    def __init__(
        self, *, db: Database, clock: Clock, jobs: Jobs, templates: Templates
    ) -> None:
        self._db = db
        self._clock = clock
        self._jobs = jobs
        self._templates = frozenset(
            (account.value, kinds[_KIND].id)
            for account, kinds in templates.items()
            if _KIND in kinds
        )

    def reach(self, actor: StaffUser, campaign_id: int, wanted: StudentFilter) -> Reach:
        """Return how many of the missing a reminder would get to now.

        Raises:
            PermissionDeniedError: a reviewer.
            NotFoundError: no such campaign or station, or not the caller's.
        """
        _ensure_desk(actor)
        with self._db.reading() as session:
            scope = _missing(scope_of(session, actor, campaign_id, wanted))
            missing = sum(row[2] for row in progress.stage_counts(session, scope))
            fresh, reminded = _choose(self._receivers(session, scope))
        return Reach(
            missing=missing,
            reachable=len(fresh),
            reminded=reminded,
            unreachable=missing - len(fresh) - reminded,
        )

    def remind(self, actor: StaffUser, campaign_id: int, wanted: StudentFilter) -> int:
        """Note a message to each of the missing who can be reached; audited.

        Whoever holds several of them gets one message. Returns how many were noted.

        Raises:
            PermissionDeniedError: a reviewer.
            NotFoundError: no such campaign or station, or not the caller's.
            ConflictError: ``campaign_not_open``.
            GoneError: ``campaign_closed``.
        """
        _ensure_desk(actor)
        now = self._clock.now()
        with self._db.transaction() as session:
            scope = _missing(scope_of(session, actor, campaign_id, wanted))
            self._ensure_open(entries.get_campaign(session, campaign_id))
            fresh, _ = _choose(self._receivers(session, scope))
            noted = sum(
                outbox.add(
                    session,
                    # Two who press the button at once note one message between them.
                    event_key=f"reminder:{campaign_id}:{local_day(now):%Y%m%d}:{who}",
                    kind=_KIND,
                    principal_id=who,
                    campaign_id=campaign_id,
                    submission_id=None,
                    due_at=now,
                    created_at=now,
                )
                for who in sorted({receiver.principal_id for receiver in fresh})
            )
            journal.append_audit(
                session,
                at=now,
                actor=actor.username,
                action="reminder.send",
                target=f"campaign:{campaign_id}",
                detail=f"{scope_words(scope, wanted)} {noted} 条",
            )
        if noted:
            self._jobs.wake(Job.MESSAGES)
        return noted

    def _receivers(self, session: Session, scope: Scope) -> list[Receiver]:
        if not self._templates:
            return []
        return progress.receivers(
            session,
            scope,
            templates=self._templates,
            kind=_KIND,
            since=start_of_day(self._clock.now()),
        )

    def _ensure_open(self, row: Campaign) -> None:
        state = spans_state(self._clock.now(), campaign_spans(row))
        if state is not EntryState.OPEN:
            refuse_state(state)


def _ensure_desk(actor: StaffUser) -> None:
    if actor.role is Role.REVIEWER:
        raise PermissionDeniedError("role_not_allowed")


def _missing(scope: Scope) -> Scope:
    """Leave out of a scope whoever has nothing left to do."""
    missing = GROUPS[Group.MISSING]
    return replace(scope, stages=missing & (scope.stages or missing))


def _choose(receivers: Iterable[Receiver]) -> tuple[list[Receiver], int]:
    """Return one receiver for each student not reminded today, and how many others."""
    fresh: list[Receiver] = []
    reminded = 0
    for _, group in groupby(receivers, key=attrgetter("student_id")):
        holders = list(group)
        if any(holder.reminded for holder in holders):
            reminded += 1
        else:
            fresh.append(holders[0])
    return fresh, reminded
