"""Every error of this package, grouped by who has to act.

A2EError                     what happened, whether money was spent, what to do next
├── InputError               the caller changes an argument
│   └── AmbiguousName        a name matches several records; the candidates are listed
├── FileRefused              a path, file or URL is not accepted
├── SettingsError            the user changes a setting
│   ├── ExtraMissing         an optional dependency is not installed
│   └── TokenMissing         there is neither a token nor the sandbox
├── AccessDenied             a user's key or token is not accepted, or does not allow this
├── OwnKeyGone               the A2E key that a user has brought is not kept here any more
├── MoneyRefused             a ceiling, an unknown price, or a missing consent stopped a start
├── TakenOver                another server or worker carries this start on
└── ServiceError             A2E or the connection to it failed
    ├── Unauthorized         the token was not accepted
    ├── Refused              A2E refused the request and charged nothing
    │   ├── NotEnoughCredits the balance does not cover the job
    │   ├── ContentStopped   A2E's content check stopped the request, which may be charged all the same
    │   └── NotFound         no such record, or A2E retired the call
    ├── Unreachable          no connection: the request was not sent
    └── AnswerLost           the request may have arrived, but its answer is missing
        └── Unreadable       the answer has an unknown shape
"""

from __future__ import annotations

from copy import copy
from enum import StrEnum
from typing import ClassVar, Self

from a2e_mcp.text import clean_line


class Charged(StrEnum):
    """What is known about charges after a failure; the value is the sentence shown."""

    NOTHING = "Nothing was charged."
    UNKNOWN = "A2E may have charged for this."
    SPEECH = "The speech was charged; it is kept and will be reused."
    UPLOADS = "The uploads may have been charged; they are kept and will be reused."


class A2EError(Exception):
    """The base of all errors raised on purpose; its text suits people and models."""

    who_acts: ClassVar[str] = "see the message"
    """Who can solve the problem; for the docs."""

    def __init__(
        self, message: str, *, hint: str = "", charged: Charged | None = Charged.NOTHING, trace_id: str | None = None
    ) -> None:
        # A file's name, or what A2E says, may hold half a character, which no file and no stream takes.
        message = clean_line(message)
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.charged = charged
        self.trace_id = trace_id

    def advised(self, *, message: str | None = None, hint: str | None = None, charged: Charged | None = None) -> Self:
        """This error in other words, with a hint of its own, or with what is known about the money by now."""
        changed = copy(self)
        changed.message = self.message if message is None else message
        changed.hint = self.hint if hint is None else hint
        changed.charged = self.charged if charged is None else charged
        return changed

    def __str__(self) -> str:
        """One line: what failed, whether money was spent, what to do next, A2E's trace id."""
        return self.with_outcome("" if self.charged is None else self.charged.value)

    def with_outcome(self, outcome: str) -> str:
        """The same line, with this sentence where it says whether money was spent; none when it is empty."""
        parts = [_sentence(self.message)]
        if outcome:
            parts.append(outcome)
        if self.hint:
            parts.append(_sentence(self.hint))
        if self.trace_id:
            parts.append(f"(A2E trace_id {self.trace_id})")
        return " ".join(parts)


class InputError(A2EError):
    """An argument is invalid; the caller changes it."""

    who_acts: ClassVar[str] = "the caller"


class AmbiguousName(InputError):
    """A name matches several avatars, voices or backgrounds; the candidates are listed."""


class FileRefused(A2EError):
    """A path, file or URL cannot be used."""

    who_acts: ClassVar[str] = "the caller"


class SettingsError(A2EError):
    """A flag or an A2E_* variable is wrong; the user changes it."""

    who_acts: ClassVar[str] = "the user"

    def __init__(self, message: str, *, hint: str = "", charged: Charged | None = None) -> None:
        # Settings are read before anything can be charged, so money is not mentioned.
        super().__init__(message, hint=hint, charged=charged)


class DatabaseAway(SettingsError):
    """The database of A2E_DATABASE does not answer, or lets no one in; who runs it sees to it.

    `is_untouched` says that what was to be written there certainly was not.
    """

    who_acts: ClassVar[str] = "the administrator"

    def __init__(
        self, message: str, *, hint: str = "", charged: Charged | None = None, is_untouched: bool = True
    ) -> None:
        super().__init__(message, hint=hint, charged=charged)
        self.is_untouched = is_untouched


class ExtraMissing(SettingsError):
    """An optional dependency is not installed; the user installs it."""


class TokenMissing(SettingsError):
    """There is no token, and the sandbox was not asked for; the user sets one."""


class AccessDenied(A2EError):
    """A key or a token of a user is not accepted, or does not allow this; who runs the server can change that.

    `status` is HTTP's; the same may be tried again after so many seconds.
    """

    who_acts: ClassVar[str] = "the administrator"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        charged: Charged | None = None,
        status: int = 401,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, charged=charged)
        self.status = status
        self.retry_after = retry_after


class OwnKeyGone(A2EError):
    """The A2E key that a user has brought was removed; their next call brings it again."""

    who_acts: ClassVar[str] = "the user"


class MoneyRefused(A2EError):
    """A ceiling, an unknown price or a missing consent stopped a start before it was sent."""

    who_acts: ClassVar[str] = "the user"


class TakenOver(A2EError):
    """Another server or worker carries this start on, so this one sends nothing more for it."""

    who_acts: ClassVar[str] = "the other one, which continues"

    def __init__(self) -> None:
        # What the other one sends may be charged.
        super().__init__(
            "Another server or worker has taken this start over, since this one did not respond for a while",
            hint="Call list_jobs to see what came of it",
            charged=None,
        )


class ServiceError(A2EError):
    """A2E or the connection to it failed."""

    who_acts: ClassVar[str] = "A2E"

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
    """A2E did not accept the token; the user replaces it."""

    who_acts: ClassVar[str] = "the user"


class Refused(ServiceError):
    """A2E refused the request and charged nothing."""

    who_acts: ClassVar[str] = "the caller"


class NotEnoughCredits(Refused):
    """The account's balance does not cover the job; the user adds credits."""

    who_acts: ClassVar[str] = "the user"


class ContentStopped(Refused):
    """A2E's content check stopped the request: no job was made, but it may have been charged."""


class NotFound(Refused):
    """No record has this id, or A2E has retired the call."""


class Unreachable(ServiceError):
    """No connection could be made, so the request was not sent; it can be retried."""

    who_acts: ClassVar[str] = "the caller, by a retry"


class AnswerLost(ServiceError):
    """The request may have arrived, but its answer is missing.

    `raw` keeps the bytes received, at most 4 KB, for the ledger.
    """

    who_acts: ClassVar[str] = "the server, which looks for the job"

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
    """A2E answered in an unknown shape."""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?" else text + "."
