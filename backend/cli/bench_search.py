"""The search of ``bizhao bench``: pages of records at 10,000 and at 1,000,000.

The pages are those of the service, and the two sizes are asked in turn, so
that a busy machine slows both.
"""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, cast

from backend.cli.bench_rows import Family, Options, Row
from backend.crypto import Vault
from backend.db.bench_records import START, filled_database
from backend.domain.query import RecordOrder
from backend.domain.report import Verdict
from backend.domain.reviews import SubmissionStatus
from backend.ports import Clock, PhotoInspector, PhotoStore
from backend.services.search import SearchService
from backend.services.staff import OPERATOR
from backend.services.types import BindingStatus, SearchFilter

SMALL: Final = 10_000
LARGE: Final = 1_000_000
_NUMBER: Final = "11010519491231002X"


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of question; ``wanted`` is asked of both sizes."""

    name: str
    wanted: Callable[[int], SearchFilter]
    order: RecordOrder = RecordOrder.CHANGED
    last: bool = False


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds a page of one question at both sizes."""

    shape: str
    small: list[float] = field(default_factory=list)
    large: list[float] = field(default_factory=list)

    @property
    def p95s(self) -> tuple[float, float]:
        """Of the small and of the large database."""
        return _p95(self.small), _p95(self.large)

    @property
    def ratio(self) -> float:
        """How many times slower the large one answers, at p95."""
        small, large = self.p95s
        return large / small

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of a table."""
        small, large = self.p95s
        medians = statistics.median(self.small), statistics.median(self.large)
        return (
            self.shape,
            *(f"{value:.1f} ms" for value in (medians[0], small, medians[1], large)),
            f"{self.ratio:.2f}x",
        )


COLUMNS: Final = (
    "search",
    f"p50 at {SMALL:,}",
    f"p95 at {SMALL:,}",
    f"p50 at {LARGE:,}",
    f"p95 at {LARGE:,}",
    "p95 ratio",
)


def run(
    url: str, *, small: int = SMALL, large: int = LARGE, rounds: int = 20
) -> Iterator[Timing]:
    """Fill two databases on a PostgreSQL server and time every shape on both.

    Args:
        url: of a server where databases may be made and triggers put aside.
        small: records of the one.
        large: records of the other.
        rounds: pages of each shape, from different places.
    """
    with _filled(url, small) as first, _filled(url, large) as second:
        for shape in SHAPES:
            timing = Timing(shape.name)
            for number in range(rounds + 1):
                times = (
                    _ask(first, shape, number, small),
                    _ask(second, shape, number, large),
                )
                # The first answer also fills caches.
                if number:
                    timing.small.append(times[0])
                    timing.large.append(times[1])
            yield timing


def _ask(search: SearchService, shape: Shape, number: int, rows: int) -> float:
    wanted = shape.wanted(1 + number * 7919 % rows)
    descending = shape.order.latest_first
    # The last page, or one somewhere in the middle: offsets would show there.
    cursor: str | None = "z" if shape.last else f"a{1 + number * 104_729 % rows}"
    if wanted.submitted_from is not None and not shape.last:
        # A page of some days goes on from one of these days; any number is of none.
        cursor = None
    begun = time.perf_counter()
    search.page(
        OPERATOR, wanted, cursor=cursor, order=shape.order, descending=descending
    )
    return (time.perf_counter() - begun) * 1000


def _filters() -> Iterator[tuple[str, Callable[[int], SearchFilter]]]:
    """Yield each filter of the page by itself, and some together."""
    plain: dict[str, dict[str, Any]] = {
        "all": {},
        "campaign": {"campaign_id": 3},
        "station": {"station_id": 7},
        "campaign + station": {"campaign_id": 3, "station_id": 7},
        "year": {"graduating_year": 2021},
        "level": {"level": "高起专"},
        "major": {"major": "专业17"},
        "study form": {"study_form": "业余"},
        "sent back": {"status": SubmissionStatus.SENT_BACK},
        "returned": {"status": SubmissionStatus.RETURNED},
        "pending": {"status": SubmissionStatus.PENDING},
        "no such status": {"status": SubmissionStatus.ACCEPTED},
        "waiting": {"binding_status": BindingStatus.WAITING},
        "released": {"binding_status": BindingStatus.RELEASED},
        "verdict": {"verdict": Verdict.FAIL},
        "source": {"source": "batch"},
        "human review": {"human_review": True},
        "quarantined": {"quarantined": True},
        "decided by": {"decided_by_id": 4},
        # At the smaller size these still fill a page.
        "two weeks": {
            "submitted_from": START + timedelta(days=900),
            "submitted_before": START + timedelta(days=914),
        },
        "station + returned + level": {
            "station_id": 7,
            "status": SubmissionStatus.RETURNED,
            "level": "高起专",
        },
    }
    for name, values in plain.items():
        yield name, _always(SearchFilter(**values))
    yield "class", lambda n: SearchFilter(class_no=f"班{n // 40}")
    yield "surname", _always(SearchFilter(text="丁"))


def _texts() -> Iterator[tuple[str, Callable[[int], SearchFilter]]]:
    yield (
        "name",
        lambda n: SearchFilter(text=f"{chr(19968 + n % 300)}{chr(20500 + n % 900)}"),
    )
    yield "学号", lambda n: SearchFilter(text=f"{n:0>12}")
    yield "考生号", lambda n: SearchFilter(text=f"K{n}")
    yield "身份证号", _always(SearchFilter(text=_NUMBER))
    yield "last six", _always(SearchFilter(text=_NUMBER[-6:]))
    yield "采集码", lambda n: SearchFilter(text=f"sample token {n}")
    yield "码印", _always(SearchFilter(text="7Q4M-0XKD"))


def _always(wanted: SearchFilter) -> Callable[[int], SearchFilter]:
    return lambda _: wanted


SHAPES: Final = (
    *(
        Shape(
            f"{name}, by {order.value}{', last page' if last else ''}", ask, order, last
        )
        for name, ask in _filters()
        for order in RecordOrder
        for last in (False, True)
    ),
    *(Shape(f"text: {name}", ask) for name, ask in _texts()),
)


@contextmanager
def _filled(url: str, rows: int) -> Iterator[SearchService]:
    """Yield the search on a database of so many records, dropped afterwards."""
    vault = Vault(keys={"k": secrets.token_bytes(32)}, current="k", hash_key=b"bench")
    with filled_database(url, rows, vault.seal(_NUMBER, purpose="id_number")) as db:
        yield SearchService(
            db=db,
            vault=vault,
            # Pages tell no time and show no photos.
            clock=cast("Clock", None),
            store=cast("PhotoStore", None),
            inspector=cast("PhotoInspector", None),
        )


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def search_rows(options: Options) -> Iterator[Row]:
    """Each kind of question on ten thousand and on a million records; PostgreSQL only."""
    if options.postgresql is None:
        return
    for timing in run(options.postgresql):
        name, *figures = timing.cells
        yield Row(f"search {name}: {', '.join(figures)}", timing.cells)


FAMILY: Final = Family("search", COLUMNS, search_rows)
