"""Deleting what is past its date, and the files that lost their rows.

A batch is one transaction: rows are emptied, their files noted, the count kept. Files go
afterwards, and only when no row names them. So a crash at any point leaves either work
that the next round finds, or a note of a file; never a row without its file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from backend.crypto import Vault
from backend.db import (
    doomed_files,
    entries,
    journal,
    purge_progress,
    retention,
    traces,
    upkeep,
)
from backend.db.emptying import Blanks, Gone
from backend.db.engine import Database, Session
from backend.db.models import Campaign
from backend.domain.retention import TRACE_TIMES, Kind, RetentionRules, Trace
from backend.ports import Clock, PhotoStore

log = structlog.get_logger(__name__)

#: A file put this short a time ago may be about to be named by an upload under way.
YOUNG: Final = timedelta(minutes=10)
#: Rows in one transaction: other writers wait for less than a second.
BATCH: Final = 200
_ACTOR: Final = "purge"


@dataclass(frozen=True, slots=True)
class PurgeLine:
    """What of a campaign goes at a date."""

    campaign_id: int
    campaign_name: str
    kind: Kind
    due_at: datetime
    is_due: bool
    rows: int
    held_back: int


@dataclass(frozen=True, slots=True)
class TraceLine:
    """How many traces are over their time."""

    trace: Trace
    rows: int


@dataclass(frozen=True, slots=True)
class PurgePlan:
    """What a purge would delete now; lines not due yet say when they will be."""

    lines: tuple[PurgeLine, ...]
    traces: tuple[TraceLine, ...]
    doomed_files: int


class FileSweeper:
    """Deletes the files that lost their last row."""

    def __init__(self, *, db: Database, clock: Clock, store: PhotoStore) -> None:
        self._db = db
        self._clock = clock
        self._store = store

    def sweep(self) -> int:
        """Delete what is noted and named by nothing; return how many files went.

        A file that was put a moment ago stays noted for the next round.
        """
        removed, last = 0, 0
        while True:
            with self._db.reading() as session:
                noted = doomed_files.next_doomed(session, after=last, limit=BATCH)
                named = upkeep.named_among(session, {row.key for row in noted})
            if not noted:
                return removed
            last = noted[-1].id
            before = self._clock.now() - YOUNG
            gone = {
                row.key
                for row in noted
                if row.key not in named and self._store.delete_older(row.key, before)
            }
            done = [row.id for row in noted if row.key in gone | named]
            with self._db.transaction() as session:
                doomed_files.forget_doomed(session, done)
            removed += len(gone)


class PurgeService:
    """Says what is past its date, and deletes it."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        sweeper: FileSweeper,
        batch: int = BATCH,
    ) -> None:
        self._db = db
        self._clock = clock
        self._sweeper = sweeper
        self._batch = batch
        self._blanks = Blanks(
            code=vault.seal("", purpose="code"),
            id_number=vault.seal("", purpose="id_number"),
        )

    def plan(self) -> PurgePlan:
        """Return what a purge would delete now, without deleting."""
        now = self._clock.now()
        with self._db.reading() as session:
            return PurgePlan(
                lines=tuple(
                    line
                    for campaign in entries.all_campaigns(session)
                    for line in purge_lines(
                        session, campaign, retention.rules_of(campaign), now
                    )
                ),
                traces=tuple(
                    TraceLine(
                        trace, traces.count_traces(session, trace, before=now - time)
                    )
                    for trace, time in TRACE_TIMES.items()
                ),
                doomed_files=doomed_files.count_doomed(session),
            )

    def run(self) -> int:
        """Delete all that is past its date; return how many rows and files went."""
        with self._db.reading() as session:
            campaigns = [row.id for row in entries.all_campaigns(session)]
        gone = sum(
            self._exhaust(campaign_id, kind)
            for campaign_id in campaigns
            for kind in Kind
        )
        gone += sum(self._remove_traces(trace) for trace in Trace)
        return gone + self._sweeper.sweep()

    def _exhaust(self, campaign_id: int, kind: Kind) -> int:
        """Empty a kind batch by batch; told in the audit log when nothing is left."""
        total = last = 0
        while True:
            gone = self._empty_batch(campaign_id, kind, last)
            if not gone.rows:
                return total
            total += len(gone.rows)
            last = gone.last

    def _empty_batch(self, campaign_id: int, kind: Kind, after: int) -> Gone:
        now = self._clock.now()
        with self._db.transaction() as session:
            campaign = entries.get_campaign(session, campaign_id)
            # Looked at again for each batch: somebody may have reopened the campaign.
            if not _is_due(session, campaign, kind, now):
                return Gone()
            gone = retention.empty_batch(
                session,
                kind,
                campaign_id,
                after=after,
                blanks=self._blanks,
                at=now,
                limit=self._batch,
            )
            if gone.rows:
                purge_progress.add_progress(session, kind, campaign_id, gone, at=now)
            else:
                self._tell(session, campaign_id, kind)
        return gone

    def _tell(self, session: Session, campaign_id: int, kind: Kind) -> None:
        """Write the proof of what went, once for all batches."""
        done = purge_progress.find_progress(session, kind, campaign_id)
        if done is None:
            return
        detail = f"rows={done.rows} files={done.files} sha256={done.digest}"
        session.delete(done)
        journal.append_audit(
            session,
            at=self._clock.now(),
            actor=_ACTOR,
            action=f"purge.{kind}",
            target=f"campaign:{campaign_id}",
            detail=detail,
        )

    def _remove_traces(self, trace: Trace) -> int:
        total, removed = 0, 1
        while removed:
            now = self._clock.now()
            with self._db.transaction() as session:
                removed = traces.remove_traces(
                    session,
                    trace,
                    before=now - TRACE_TIMES[trace],
                    at=now,
                    limit=self._batch,
                )
            total += removed
        if total:
            log.info("traces_removed", trace=trace.value, rows=total)
        return total


def purge_lines(
    session: Session, campaign: Campaign, rules: RetentionRules, now: datetime
) -> tuple[PurgeLine, ...]:
    """Return what of a campaign goes when by the rules, and how much there is."""
    closing = retention.closing_instant(session, campaign)
    lines = []
    for kind in Kind:
        rows, held_back = retention.count(session, kind, campaign.id)
        due_at = rules.due_at(kind, closing)
        lines.append(
            PurgeLine(
                campaign_id=campaign.id,
                campaign_name=campaign.name,
                kind=kind,
                due_at=due_at,
                is_due=due_at <= now,
                rows=rows,
                held_back=held_back,
            )
        )
    return tuple(lines)


def _is_due(session: Session, campaign: Campaign, kind: Kind, now: datetime) -> bool:
    closing = retention.closing_instant(session, campaign)
    return retention.rules_of(campaign).due_at(kind, closing) <= now
