"""Every refusal this service can give, as one tree.

* DomainError
  * InvalidInputError          the request cannot be understood (400)
    + PhotoUnreadableError     the picture cannot be opened (422)
    + CodeUnreadableError      no usable collection code in the picture or text (422)
  * NotAuthenticatedError      nobody is signed in (401)
  * PermissionDeniedError      somebody is, but not the right one (403)
  * NotFoundError              no such record, or not yours: the two look alike (404)
  * ConflictError              true a moment ago, or taken by someone else (409)
  * GoneError                  was valid once: replaced entry, closed campaign (410)
  * RefusedError               understood and refused by a rule (422)
  * TooLargeError              more bytes than are accepted (413)
  * TooManyAttemptsError       slow down (429)
  * UpstreamError              somebody else's service gave no usable answer (502)
  * UnavailableError           a part of the service is not ready (503)

An error carries a stable ``code`` for programs and plain ``data`` for the sentence
shown to people; the sentences live in ``backend.messages.errors``. Neither may hold
an identity number, a name or a collection code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with one field of a request."""

    field: str
    code: str


class DomainError(Exception):
    """Base of all refusals."""

    status: ClassVar[int] = 500

    def __init__(
        self,
        code: str,
        *,
        violations: tuple[Violation, ...] = (),
        **data: str | float,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.violations = violations
        self.data = data


class InvalidInputError(DomainError):
    """The request cannot be understood."""

    status = 400


class PhotoUnreadableError(InvalidInputError):
    """The bytes are not a picture that can be opened safely."""

    status = 422


class CodeUnreadableError(InvalidInputError):
    """No usable collection code was found."""

    status = 422


class NotAuthenticatedError(DomainError):
    """Nobody is signed in."""

    status = 401


class PermissionDeniedError(DomainError):
    """The caller may not do this."""

    status = 403


class NotFoundError(DomainError):
    """No such record, or it belongs to someone else."""

    status = 404


class ConflictError(DomainError):
    """Another action came first."""

    status = 409


class GoneError(DomainError):
    """It was valid once and is not any more."""

    status = 410


class TooLargeError(DomainError):
    """More bytes than are accepted."""

    status = 413


class RefusedError(DomainError):
    """The request was understood and a rule refuses it."""

    status = 422


class TooManyAttemptsError(DomainError):
    """Too many attempts; ``data["retry_after"]`` holds the seconds to wait."""

    status = 429


class UpstreamError(DomainError):
    """Somebody else's service gave no usable answer."""

    status = 502


class UnavailableError(DomainError):
    """A part of the service is not ready."""

    status = 503
