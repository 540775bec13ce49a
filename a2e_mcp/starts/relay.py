"""Files without a disk in common: a one-time address of ours takes a file and passes it on to A2E's storage.

The upload is an entry of the ledger before its address is shown, so that its price is kept free under every ceiling.
Its fingerprint is the hash of what the address is known by, so that any server on the ledger can take the file.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType

from a2e_mcp.catalogue.account import UploadRequest
from a2e_mcp.catalogue.declaration.tool import MediaIn
from a2e_mcp.errors import AnswerLost, FileRefused, SettingsError
from a2e_mcp.files.formats import SNIFFED, checked, format_of
from a2e_mcp.files.local import LARGEST_UPLOAD
from a2e_mcp.files.urls import media_type_of, safe_name
from a2e_mcp.ledger.details import Details, PaidAddress
from a2e_mcp.ledger.entry import LedgerEntry, StoredStart
from a2e_mcp.ledger.job_ids import UPLOAD
from a2e_mcp.starts.charge_meter import ChargeMeter
from a2e_mcp.starts.plan import Plan, StartContext, StartOptions
from a2e_mcp.starts.pricing import Price, StepPrice
from a2e_mcp.starts.progress import Deadline
from a2e_mcp.starts.service import Starts
from a2e_mcp.starts.titles import LONGEST_TITLE
from a2e_mcp.starts.upload import buy_address, price_of_sending
from a2e_mcp.text import one_line
from a2e_mcp.users.caller import current

OFFERED_SECONDS = 900.0
"""How long an address takes a file."""
UNUSED = "Its address expired before the file was sent. Nothing was charged."
CALL_AGAIN = "Call upload_file for a new address"

_SIGNED_IN_WITH = "credential"
_ANY_FILE = MediaIn(("image", "video", "audio"))
_SILENT_SECONDS = 60.0
"""After this time without a byte a connection counts as broken."""
_SWEEP_SECONDS = 60.0
_log = logging.getLogger(__name__)


class OfferGone(FileRefused):
    """The address was used, has expired, or never was one."""


class OfferBusy(FileRefused):
    """Another request is sending a file to the address just now."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A one-time address, by the secret that it is known by, and the upload that is made through it."""

    secret: str
    entry: LedgerEntry


class UploadRelay:
    """Offers one-time addresses and takes what is sent to them; on entering, those that expire are cleared up."""

    def __init__(self, context: StartContext, starts: Starts, *, is_on: bool) -> None:
        self._context = context
        self._ledger = context.ledger
        self._starts = starts
        self.is_on = is_on
        self._sweeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> UploadRelay:
        if self.is_on:
            self._sweeping = asyncio.create_task(self._sweep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)

    async def price(self, name: str) -> Price:
        """What sending a file of this name costs."""
        request = UploadRequest(key=safe_name(name, ascii_only=True), contentType=media_type_of(name))
        return Price([await price_of_sending(self._context, request)])

    async def offer(self, name: str, options: StartOptions, deadline: Deadline) -> Offer:
        """A one-time address for a file of this name. Raises MoneyRefused under a ceiling."""
        secret, until = secrets.token_urlsafe(24), self._ledger.now() + OFFERED_SECONDS
        name = _bare_name(name)
        caller = current()
        plan = Plan(
            start=StoredStart(
                kind="relay",
                family=UPLOAD,
                tool="upload_file",
                inputs={"path": name},
                options={**asdict(options), _SIGNED_IN_WITH: "" if caller is None else caller.credential},
            ),
            family=UPLOAD,
            title=name[:LONGEST_TITLE],
            fingerprint=_fingerprint(secret),
            price=await self.price(name),
            units=1,
            details=Details(awaited_until=until),
        )
        entry = await self._starts.reserve(plan, options, deadline)
        # It waits for its file, on whichever server.
        await self._ledger.release(entry.id)
        return Offer(secret, await self._ledger.entry(entry.id))

    async def find(self, secret: str) -> LedgerEntry:
        """The upload of an address that still takes a file. Raises OfferGone, OfferBusy."""
        entry = await self._ledger.newest(_fingerprint(secret))
        if entry is None:
            raise OfferGone("This is not the address of an upload", hint=CALL_AGAIN)
        if self._ledger.is_under_way(entry):
            raise _busy()
        if entry.phase == "started":
            raise OfferGone("A file was sent to this address already", hint=f"It is {entry.own_job_id}. {CALL_AGAIN}")
        if (entry.is_awaited or entry.phase == "refused") and self._is_late(entry):
            await self._expire(entry)
            raise OfferGone("This address has expired", hint=CALL_AGAIN)
        if not entry.is_awaited:
            raise OfferGone("This address takes no file any more", hint=CALL_AGAIN)
        return entry

    async def credential_of(self, entry: LedgerEntry) -> str:
        """The hash of the key with which its user asked for an address; empty where it was none."""
        start = await self._ledger.stored_start(entry.id)
        return "" if start is None else str(start.options.get(_SIGNED_IN_WITH, ""))

    async def receive(self, entry: LedgerEntry, content: AsyncIterator[bytes], size: int, name: str = "") -> str:
        """Pass a file on to A2E's storage while it arrives, and say which it was; a broken line can be tried again.

        Its `name` is that of the file that was sent, where it is known; else that of the file that was asked for.

        Raises FileRefused for what A2E does not take, OfferBusy, and what A2E answers.
        """
        name = _bare_name(name or entry.title)
        if size > LARGEST_UPLOAD:
            raise FileRefused(f"{name} is larger than {LARGEST_UPLOAD // 2**20} MB")
        start = await _beginning(content)
        known = format_of(start)
        if known is None or not known.is_unseen:
            # The list of tracks of an MP4 may stand at its end, which has not arrived.
            known = checked(name, known, _ANY_FILE)
        claimed = await self._ledger.claim(entry.id)
        if claimed is None:
            raise _busy()
        claimed = await self._ledger.update(entry.id, title=name[:LONGEST_TITLE])
        arriving = _Arriving(start, content, size)
        item = _RelayItem(self._context, arriving, name, known.content_type)
        price = Price([StepPrice(step, credits, "") for step, credits in entry.details.priced.items()])
        try:
            await self._starts.carry_out(claimed, item, price)
        except AnswerLost as problem:
            raise problem.advised(hint=f"Ask the user first. {CALL_AGAIN}") from None
        return f"{name} ({known.name}, {size / 2**20:.1f} MB)"

    def _is_late(self, entry: LedgerEntry) -> bool:
        return (entry.details.awaited_until or 0.0) <= self._ledger.now()

    async def _expire(self, entry: LedgerEntry) -> None:
        note = UNUSED if not entry.details.measured else "Its address expired before the file had arrived."
        await self._ledger.transition(entry.id, "intended", phase="refused", note=note)

    async def _sweep(self) -> None:
        while True:
            try:
                for entry in await self._ledger.unfinished(UPLOAD):
                    if entry.is_awaited and self._is_late(entry) and not self._ledger.is_under_way(entry):
                        await self._expire(entry)
            except SettingsError as problem:
                _log.info("Expired upload addresses stay until the ledger can be read: %s", problem)
            await asyncio.sleep(_SWEEP_SECONDS)


class _RelayItem:
    """A file that arrives just now; an address that was paid for when an earlier line broke is used again."""

    def __init__(self, context: StartContext, arriving: _Arriving, name: str, content_type: str) -> None:
        self._context = context
        self._arriving = arriving
        self._name = name
        self._content_type = content_type

    async def price(self) -> Sequence[StepPrice]:
        """What it costs to send."""
        return [await price_of_sending(self._context, self._request)]

    async def execute(self, entry: LedgerEntry, meter: ChargeMeter) -> Sequence[str]:
        """Send the file while it arrives, and give its URL."""
        ledger, arriving = self._context.ledger, self._arriving
        key = f"{self._content_type} {arriving.size}"
        address = entry.details.addresses.get(key)
        if address is None or address.until <= ledger.now():
            address = await buy_address(self._context, self._request, entry, meter, key=key)
        await self._send(address)
        sha256 = arriving.sha256.hexdigest()
        await ledger.merge_details(entry.id, uploads={sha256: address.url}, addresses={key: None})
        return [self._context.fresh(address.url)]

    async def _send(self, address: PaidAddress) -> None:
        try:
            await self._context.files.put_stream(
                self._arriving.chunks(), self._arriving.size, self._content_type, address.put
            )
        except FileRefused as problem:
            # Storage cannot know that it was the sender who stopped.
            raise (self._arriving.problem or problem) from None

    @property
    def _request(self) -> UploadRequest:
        # Two files of one name never share an address.
        key = f"{secrets.token_hex(6)}-{safe_name(self._name, ascii_only=True)}"
        return UploadRequest(key=key, contentType=self._content_type, fileSize=self._arriving.size)


class _Arriving:
    """The bytes of a file while they arrive; `sha256` is of those that have."""

    def __init__(self, start: bytes, rest: AsyncIterator[bytes], size: int) -> None:
        self.size = size
        self.sha256 = hashlib.sha256()
        self.problem: FileRefused | None = None
        self._start = start
        self._rest = rest
        self._done = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of them. Raises FileRefused, which stays in `problem`, when they end too early."""
        try:
            yield self._counted(self._start)
            while (chunk := await _next(self._rest)) is not None:
                yield self._counted(chunk)
            if self._done != self.size:
                raise _broken()
        except FileRefused as problem:
            self.problem = problem
            raise

    def _counted(self, chunk: bytes) -> bytes:
        self._done += len(chunk)
        self.sha256.update(chunk)
        return chunk


async def _beginning(content: AsyncIterator[bytes]) -> bytes:
    start = b""
    while len(start) < SNIFFED and (chunk := await _next(content)) is not None:
        start += chunk
    if not start:
        raise FileRefused("The file is empty")
    return start


async def _next(content: AsyncIterator[bytes]) -> bytes | None:
    """The next bytes; None after the last. Raises FileRefused when the sender has stopped."""
    try:
        async with asyncio.timeout(_SILENT_SECONDS):
            return await anext(content)
    except StopAsyncIteration:
        return None
    except (TimeoutError, OSError):
        raise _broken() from None


def _busy() -> OfferBusy:
    # A server that has died in the middle of it cannot say so.
    hint = "Wait until it has arrived; if its connection broke, try again in a minute"
    return OfferBusy("A file is being sent to this address just now", hint=hint)


def _broken() -> FileRefused:
    return FileRefused("The connection broke before the whole file had arrived", hint="Send it again")


def _bare_name(name: str) -> str:
    """A file's name without folders, as it is shown."""
    return one_line(name.replace("\\", "/").rpartition("/")[2].strip() or "file", 200)


def _fingerprint(secret: str) -> str:
    # Who reads the ledger must not be able to send a file.
    return f"upload-address {hashlib.sha256(secret.encode()).hexdigest()}"
