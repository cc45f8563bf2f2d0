"""Every column that is sealed with the vault, and the purpose it is sealed for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import LargeBinary, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.db.campaign_models import (
    RosterImport,
    RosterImportFile,
    RosterImportProblem,
    RosterImportRow,
)
from backend.db.collecting_models import BatchItem
from backend.db.delivery_models import DeliveryFile, DeliveryItem, ReturnedListRow
from backend.db.models import Binding, CodeReadingRow, PrincipalRow, Student
from backend.db.people_models import TotpFactor
from backend.db.wechat_models import PushRow, WeChatCredential


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A sealed column; the purpose is authenticated with each value."""

    column: InstrumentedAttribute[Any]
    purpose: str

    @property
    def name(self) -> str:
        """Table and column, as an operator reads it."""
        return f"{self.column.class_.__tablename__}.{self.column.key}"

    @property
    def key(self) -> InstrumentedAttribute[Any]:
        """The primary key of the table, by which its rows are walked."""
        (column,) = self.column.class_.__table__.primary_key.columns
        key: InstrumentedAttribute[Any] = getattr(self.column.class_, column.key)
        return key


#: A column that is missing here keeps its old key for ever.
SEALED: Final = (
    SealedColumn(BatchItem.name_sealed, "batch_name"),
    SealedColumn(Binding.raw_sealed, "code"),
    SealedColumn(CodeReadingRow.raw_sealed, "code"),
    SealedColumn(DeliveryFile.content_sealed, "delivery_file"),
    SealedColumn(DeliveryItem.row_sealed, "delivery_row"),
    SealedColumn(PrincipalRow.openid_sealed, "openid"),
    SealedColumn(PushRow.data_sealed, "push"),
    SealedColumn(ReturnedListRow.rows_sealed, "returned_list"),
    SealedColumn(RosterImport.samples_sealed, "roster_sample"),
    SealedColumn(RosterImportProblem.shown_sealed, "roster_problem"),
    SealedColumn(Student.id_number_sealed, "id_number"),
    SealedColumn(TotpFactor.secret_sealed, "totp"),
    SealedColumn(WeChatCredential.value_sealed, "wechat_credential"),
)
#: The rows of an import that is being looked at: gone within days, and sent again by
#: whoever still needs them when the key they were sealed with is taken away.
SHORT_LIVED: Final = (
    RosterImportFile.data_sealed,
    RosterImportRow.row_sealed,
    RosterImportRow.changes_sealed,
)


def count_stale(session: Session, sealed: SealedColumn, prefix: bytes) -> int:
    """Return how many values were not sealed with the key the prefix names."""
    query = select(func.count()).select_from(sealed.column.class_)
    return session.execute(query.where(*_stale(sealed, prefix))).scalar_one()


def stale_rows(
    session: Session, sealed: SealedColumn, prefix: bytes, *, after: Any, limit: int
) -> Sequence[tuple[Any, bytes]]:
    """Return the next rows, as key and value, that another key has sealed."""
    query = select(sealed.key, sealed.column).where(*_stale(sealed, prefix))
    if after is not None:
        query = query.where(sealed.key > after)
    rows = session.execute(query.order_by(sealed.key).limit(limit))
    return [(key, value) for key, value in rows]


def replace_value(
    session: Session, sealed: SealedColumn, key: Any, *, old: bytes, new: bytes
) -> bool:
    """Exchange a value unless it was written meanwhile; tell whether it was done."""
    done: CursorResult[Any] = session.execute(  # type: ignore[assignment] # of an UPDATE
        update(sealed.column.class_)
        .where(sealed.key == key, sealed.column == old)
        .values({sealed.column: new})
        .execution_options(synchronize_session=False)
    )
    return done.rowcount == 1


def _stale(sealed: SealedColumn, prefix: bytes) -> tuple[Any, ...]:
    start = func.substr(sealed.column, 1, len(prefix), type_=LargeBinary)
    return sealed.column.is_not(None), start != prefix
