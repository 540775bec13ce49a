"""Everything that can go wrong, by who has to act.

A2EError                     the root: what happened, what was charged, what to do next
├── InputError               the caller changes an argument
│   └── AmbiguousName        a name fits several avatars or voices; the candidates are listed
├── FileRefused              a path, file or URL we will not read, send or write
├── SettingsError            the person changes a setting
│   └── ExtraMissing         an optional part is not installed
├── MoneyRefused             a ceiling, an unknown price, or a missing consent stopped a start
└── ServiceError             A2E, or the way to it
    ├── Unauthorized         the token was not accepted
    ├── Refused              A2E said no and charged nothing
    │   ├── NotEnoughCredits
    │   └── NotFound         no such record, or a call that A2E has retired
    ├── Unreachable          the request certainly did not leave
    └── AnswerLost           it may have arrived: the answer is missing
        └── Unreadable       an answer came, but in a shape we do not know
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Charged(StrEnum):
    """What is known about the money when something failed; the value is the sentence a person reads."""

    NOTHING = "Nothing was charged."
    UNKNOWN = "It is not known whether A2E charged for this."
    SPEECH = "Speech was made and paid for; it is kept and will be used again."
    UPLOADS = "Files were uploaded, which A2E may have charged; they are kept and will be used again."


class A2EError(Exception):
    """The root of what this package raises on purpose; its text is fit for a person and for a model."""

    def __init__(
        self, message: str, *, hint: str = "", charged: Charged | None = Charged.NOTHING, trace_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.charged = charged
        self.trace_id = trace_id

    def __str__(self) -> str:
        """One line: what failed, whether credits were spent, what to do next, A2E's trace id."""
        parts = [_sentence(self.message)]
        if self.charged is not None:
            parts.append(self.charged.value)
        if self.hint:
            parts.append(_sentence(self.hint))
        if self.trace_id:
            parts.append(f"(A2E trace_id {self.trace_id})")
        return " ".join(parts)


class InputError(A2EError):
    """An argument cannot be used as it is."""


class AmbiguousName(InputError):
    """A name fits more than one avatar, voice or background."""


class FileRefused(A2EError):
    """A path, file or URL that will not be read, sent or written."""


class SettingsError(A2EError):
    """A flag or an A2E_* variable has to change."""


class ExtraMissing(SettingsError):
    """An optional part of the package is not installed."""


class MoneyRefused(A2EError):
    """A start was stopped before anything was sent: ceiling, unknown price or missing consent."""


class ServiceError(A2EError):
    """A2E, or the way to it, failed."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        charged: Charged | None = Charged.NOTHING,
        trace_id: str | None = None,
        code: int | str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint, charged=charged, trace_id=trace_id)
        self.code = code
        self.status = status


class Unauthorized(ServiceError):
    """A2E did not accept the token."""


class Refused(ServiceError):
    """A2E answered no; a refused start is not charged. `sent` is what was asked, by A2E's names."""

    sent: Mapping[str, object] = {}


class NotEnoughCredits(Refused):
    """The account's balance does not cover the job."""


class NotFound(Refused):
    """No record has this id, or A2E has retired the call."""


class Unreachable(ServiceError):
    """No connection could be made: the request certainly did not leave."""


class AnswerLost(ServiceError):
    """The request may have arrived, but no readable answer came back.

    `raw` keeps what did come, cut to a few kilobytes, for the ledger.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        charged: Charged | None = Charged.UNKNOWN,
        trace_id: str | None = None,
        status: int | None = None,
        raw: str = "",
    ) -> None:
        super().__init__(message, hint=hint, charged=charged, trace_id=trace_id, status=status)
        self.raw = raw[:4096]


class Unreadable(AnswerLost):
    """A2E answered, but not in a shape that is known here."""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?" else text + "."
