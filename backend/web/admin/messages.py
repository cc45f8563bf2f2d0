"""A refusal as it is shown above a form that can be sent again."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.errors import DomainError
from backend.messages.errors import error_text, violation_sentence, violation_text


@dataclass(frozen=True, slots=True)
class FormMessage:
    """What went wrong, what to do, and a line for each wrong field."""

    title: str
    todo: str
    lines: tuple[str, ...]


def message_for(error: DomainError | None) -> FormMessage | None:
    """Return the words of a refusal; none for none."""
    if error is None:
        return None
    text = error_text(error.code, error.data)
    return FormMessage(
        title=text.title,
        todo=text.todo,
        lines=tuple(violation_text(violation) for violation in error.violations),
    )


def wrong_fields(error: DomainError | None) -> dict[str, str]:
    """Return the words beside each wrong field, which has its name already."""
    if error is None:
        return {}
    return {wrong.field: violation_sentence(wrong) for wrong in error.violations}
