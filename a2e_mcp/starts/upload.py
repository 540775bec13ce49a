"""An upload is bought: a file in A2E's storage, by itself or on the way to a job."""

from __future__ import annotations

from collections.abc import Sequence

from a2e_mcp.catalogue.account import UPLOAD_URL, UploadRequest
from a2e_mcp.catalogue.declaration.tool import Estimate, MediaIn
from a2e_mcp.errors import Charged, FileRefused, ServiceError
from a2e_mcp.files.local import LocalFile, UploadRefused
from a2e_mcp.files.progress import LARGE_FILE
from a2e_mcp.files.urls import safe_name
from a2e_mcp.ledger.details import PaidAddress
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.keys import upload_key
from a2e_mcp.starts.charge_meter import ChargeMeter
from a2e_mcp.starts.payments import KEPT_SECONDS
from a2e_mcp.starts.plan import UNPRICED, StartContext
from a2e_mcp.starts.pricing import StepPrice

_SECONDS_TO_UPLOAD = 900.0
"""How long an upload address is good for unless A2E says (its spec's example)."""
_SPARE_SECONDS = 30.0
_ANY_FILE = MediaIn(("image", "video", "audio"))
_SECONDS_FOR_LARGE = 3600


class UploadItem:
    """A file to send; one that was sent within the day is used again, and so is an address that is paid for."""

    def __init__(self, context: StartContext, file: LocalFile) -> None:
        self._context = context
        self._ledger = context.ledger
        self._file = file

    async def price(self) -> Sequence[StepPrice]:
        """What an upload costs; nothing when the same file was sent within the day."""
        if await self._kept() is not None:
            return [StepPrice("upload", 0.0, "already sent")]
        if await self.kept_address() is not None:
            return [StepPrice("upload", 0.0, "its address is already paid for")]
        return [await price_of_sending(self._context, _request(self._file))]

    async def execute(self, entry: LedgerEntry, meter: ChargeMeter) -> Sequence[str]:
        """Send the file and give its URL."""
        async with self._context.payments.turn(self._file.sha256):
            # Another server may be about to pay for the same file, or may have sent it meanwhile.
            await self._context.payments.claim(entry, upload_key(self._file.sha256))
            return [await self._kept() or await self._send(entry, meter)]

    async def kept_address(self) -> tuple[str, PaidAddress] | None:
        """The upload address that was paid for this file and has not expired, with the id of its entry."""
        for entry in await self._recent():
            address = entry.details.addresses.get(self._file.sha256)
            if address is not None and address.until > self._ledger.now():
                return entry.id, address
        return None

    async def forget_missing(self) -> None:
        """Forget that the file was sent where storage has none: A2E would refuse every start with it."""
        for entry in await self._recent():
            url = entry.details.uploads.get(self._file.sha256)
            if url and await self._context.files.is_gone(self._context.fresh(url)):
                await self._ledger.merge_details(entry.id, uploads={self._file.sha256: ""})

    async def _kept(self) -> str | None:
        url = next(
            (url for entry in await self._recent() if (url := entry.details.uploads.get(self._file.sha256))), None
        )
        return url and self._context.fresh(url)

    async def _recent(self) -> Sequence[LedgerEntry]:
        since = self._ledger.now() - KEPT_SECONDS
        return await self._ledger.with_key(upload_key(self._file.sha256), since=since)

    async def _send(self, entry: LedgerEntry, meter: ChargeMeter) -> str:
        file, transfers = self._file, self._context.transfers
        self._context.progress.begin(entry.id, f"Uploading {file.path.name}")
        kept = await self.kept_address()
        owner, address = kept or (entry.id, await self._bought(entry, meter))
        try:
            await self._context.files.put(file, address.put, transfers.seen(entry.id))
        except FileRefused as problem:
            if kept is not None or isinstance(problem, UploadRefused):
                # Storage did not take it at this address twice, or never will.
                await self._ledger.merge_details(owner, addresses={file.sha256: None})
            raise problem.advised(charged=Charged.UNKNOWN) from problem
        finally:
            transfers.clear(entry.id)
        await self._ledger.merge_details(entry.id, uploads={file.sha256: address.url}, claimed=None)
        return self._context.fresh(address.url)

    async def _bought(self, entry: LedgerEntry, meter: ChargeMeter) -> PaidAddress:
        request, key = _request(self._file), self._file.sha256
        # Claimed until the file is there, so that no other server sends it too.
        return await buy_address(self._context, request, entry, meter, key=key, claimed=upload_key(key))


async def interrupted_upload(context: StartContext, entry: LedgerEntry) -> UploadItem:
    """The rest of an upload that another run of the server began. Raises FileRefused."""
    file = await context.files.open_local(entry.details.path or "", _ANY_FILE)
    if file.sha256 != entry.fingerprint.removeprefix("upload "):
        raise FileRefused("The file has changed since its upload began", hint="Call upload_file to send it")
    item = UploadItem(context, file)
    if await item.kept_address() is None:
        raise FileRefused(
            "The upload was interrupted, and its address has expired",
            charged=Charged.UNKNOWN,
            hint="upload_file sends it to a new address, which A2E may charge again",
        )
    return item


async def buy_address(
    context: StartContext,
    request: UploadRequest,
    entry: LedgerEntry,
    meter: ChargeMeter,
    *,
    key: str,
    claimed: str | None = None,
) -> PaidAddress:
    """Buy an upload address, and write it down under a key. Raises ServiceError."""
    payments, asked_at = context.payments, context.ledger.now()
    answer = await payments.charge_once("upload", UPLOAD_URL, request, entry)
    if answer.public_url is None:
        await payments.keep(entry)
        await meter.measure_step("upload", 1.0)
        raise ServiceError("A2E gave an upload address but did not say where the file will be", charged=Charged.UNKNOWN)
    until = asked_at + (answer.expires_in or _SECONDS_TO_UPLOAD) - _SPARE_SECONDS
    address = PaidAddress(answer.upload_url, answer.public_url, until)
    await payments.keep(entry, addresses={key: address}, claimed=claimed)
    # The address is what is charged: it is paid for whatever becomes of the file.
    await meter.measure_step("upload", 1.0)
    return address


async def price_of_sending(context: StartContext, request: UploadRequest) -> StepPrice:
    """What the address for one upload costs."""
    return await context.spending.price("upload", UPLOAD_URL, request, Estimate(1, "item", None, UNPRICED))


def _request(file: LocalFile) -> UploadRequest:
    # The name carries the content's hash: two different files never share an address.
    key = f"{file.sha256[:12]}-{safe_name(file.path.name, ascii_only=True)}"
    # A large file may take longer than the quarter of an hour that addresses are usually good for.
    seconds = _SECONDS_FOR_LARGE if file.size > LARGE_FILE else None
    return UploadRequest(key=key, contentType=file.content_type, fileSize=file.size, expiresIn=seconds)
