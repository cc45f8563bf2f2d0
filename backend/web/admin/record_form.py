"""The search form and its address: what names nobody is readable, the rest is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from backend.domain.query import RecordOrder
from backend.domain.report import Verdict
from backend.domain.reviews import SubmissionStatus
from backend.services.types import BindingStatus, SearchFilter
from backend.web.admin.pages import field, number
from backend.web.context import services

#: Days are those of whoever reads the page.
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_LONGEST: Final = 100
#: Shown above the fold; any other that is set opens the rest.
_FIRST: Final = frozenset({"q", "campaign", "station", "status", "sort", "dir"})
_E = TypeVar("_E", RecordOrder, SubmissionStatus, BindingStatus, Verdict)


@dataclass(frozen=True, slots=True)
class SearchForm:
    """The search form as it was filled in; empty fields do not narrow.

    Attributes:
        q: what was typed or pasted; the only field that may name somebody.
        status: of the photo, or ``none``, ``waiting`` or ``quarantined``.
        start: the first day of handing in, ``2026-03-01``.
        end: the last day of handing in.
        sort: a :class:`RecordOrder`.
        dir: ``up`` or ``down``; the order's own way when empty.
    """

    q: str = ""
    campaign: str = ""
    station: str = ""
    status: str = ""
    year: str = ""
    level: str = ""
    class_no: str = ""
    major: str = ""
    study_form: str = ""
    binding: str = ""
    verdict: str = ""
    source: str = ""
    human: str = ""
    decider: str = ""
    start: str = ""
    end: str = ""
    sort: str = ""
    dir: str = ""

    @property
    def order(self) -> RecordOrder:
        """What is sorted by."""
        return _member(RecordOrder, self.sort) or RecordOrder.CHANGED

    @property
    def descending(self) -> bool:
        """Whether the last comes first."""
        return self.dir == "down" if self.dir else self.order.latest_first

    @property
    def more(self) -> bool:
        """Whether a field that stands further down is filled in."""
        return bool(dict(_given(self)).keys() - _FIRST)

    @property
    def narrowed(self) -> bool:
        """Whether anything narrows the search."""
        return bool(dict(_given(self)).keys() - {"sort", "dir"})

    def filter(self) -> SearchFilter:
        """Return the form as the search service takes it; nonsense does not narrow."""
        end = _day(self.end)
        return SearchFilter(
            text=self.q,
            campaign_id=number(self.campaign),
            station_id=number(self.station),
            status=_member(SubmissionStatus, self.status),
            waiting=True if self.status == "waiting" else None,
            quarantined=self.status == "quarantined",
            without_photo=self.status == "none",
            graduating_year=number(self.year),
            level=self.level,
            class_no=self.class_no,
            major=self.major,
            study_form=self.study_form,
            binding_status=_member(BindingStatus, self.binding),
            verdict=_member(Verdict, self.verdict),
            source=self.source,
            human_review=bool(self.human),
            decided_by_id=number(self.decider),
            submitted_from=_day(self.start),
            submitted_before=end + timedelta(days=1) if end else None,
        )

    def address(self, **changes: str | None) -> dict[str, Any]:
        """Return the parameters of the form's address, with other ones put in.

        The text is sealed anew each time it is asked for, so it is asked for once a page.
        """
        values = dict(_given(self))
        if self.q:
            values["q"] = services().search.seal_text(self.q)
        return {name: value for name, value in (values | changes).items() if value}


def posted_form() -> SearchForm:
    """Return the form that was sent."""
    return SearchForm(
        **{
            item.name: field(item.name, limit=2000 if item.name == "q" else _LONGEST)
            for item in fields(SearchForm)
        }
    )


def addressed_form(arguments: Mapping[str, str]) -> SearchForm:
    """Return the form of an address; raises InvalidInputError for a foreign text."""
    values = {
        item.name: arguments.get(item.name, "").strip()[:_LONGEST]
        for item in fields(SearchForm)
    }
    sealed = arguments.get("q", "")
    values["q"] = services().search.open_text(sealed) if sealed else ""
    return SearchForm(**values)


def _given(form: SearchForm) -> list[tuple[str, str]]:
    return [
        (item.name, value)
        for item in fields(form)
        if (value := getattr(form, item.name))
    ]


def _member(kind: type[_E], value: str) -> _E | None:
    return kind(value) if value in set(kind) else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=_ZONE)
    except ValueError:
        return None
