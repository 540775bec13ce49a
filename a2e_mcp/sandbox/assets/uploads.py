"""Presigned uploads: an address bound to key, time, type and length, and the PUT that it allows."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from a2e_mcp.sandbox.assets.files import FileStore, SandboxFile, media_type_of
from a2e_mcp.sandbox.clock import Clock

LARGEST_UPLOAD = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Permit:
    """What an upload address allows; `expires` in the sandbox's time, empty type and None length mean any."""

    key: str
    expires: int
    content_type: str
    length: int | None


class Uploads:
    """Signs upload addresses and takes the bytes."""

    def __init__(self, files: FileStore, clock: Clock, *, signing_secret: str) -> None:
        self._files = files
        self._clock = clock
        self._signing_secret = signing_secret.encode()

    def address(self, permit: Permit) -> str:
        """Where to PUT the bytes, without a token."""
        query = {
            "expires": permit.expires,
            "type": permit.content_type,
            "length": "" if permit.length is None else permit.length,
            "signature": self._signature(permit),
        }
        return f"{self._files.url(permit.key).replace('/files/', '/uploads/')}?{urlencode(query)}"

    async def receive(self, request: Request) -> Response:
        """Answer a PUT, in the storage service's own way."""
        permit = _permit_of(request)
        signature = request.query_params.get("signature", "")
        # Compared as bytes: a signature with other letters than ASCII is wrong, not an error.
        if permit is None or not hmac.compare_digest(self._signature(permit).encode(), signature.encode()):
            return _refused(403, "SignatureDoesNotMatch", "the address was changed or is not from this sandbox")
        refused = self._refusal(permit, request)
        return refused if refused is not None else await self._store(permit, request)

    def _refusal(self, permit: Permit, request: Request) -> Response | None:
        content_type = request.headers.get("content-type", "")
        announced = request.headers.get("content-length", "")
        if "authorization" in request.headers:
            return _refused(400, "InvalidArgument", "send no Authorization header with a presigned upload")
        if self._clock.now() > permit.expires:
            return _refused(403, "AccessDenied", "the upload address has expired; ask for a new one")
        if permit.content_type and _bare(content_type) != _bare(permit.content_type):
            return _refused(403, "SignatureDoesNotMatch", f"the Content-Type was signed as {permit.content_type}")
        if announced.isdecimal() and int(announced[:20]) > _limit(permit):
            return _too_large(permit)
        return None

    async def _store(self, permit: Permit, request: Request) -> Response:
        path = self._files.path(permit.key)
        unfinished = path.with_name(f".{path.name}.part")
        received = 0
        digest = hashlib.md5(usedforsecurity=False)
        try:
            # Opened and closed here and not in threads, which would leave it open when the request ends meanwhile.
            with unfinished.open("wb") as file:
                async for chunk in request.stream():
                    received += len(chunk)
                    if received > _limit(permit):
                        return _too_large(permit)
                    digest.update(chunk)
                    await anyio.to_thread.run_sync(file.write, chunk)
            if permit.length is not None and received < permit.length:
                return _refused(400, "IncompleteBody", f"{received} of the {permit.length} signed bytes arrived")
            unfinished.replace(path)
        except ClientDisconnect:
            return _refused(400, "RequestTimeout", "the upload was interrupted")
        finally:
            unfinished.unlink(missing_ok=True)
        content_type = _bare(permit.content_type or request.headers.get("content-type", ""))
        self._files.add(SandboxFile(permit.key, content_type or media_type_of(permit.key)))
        return Response(status_code=200, headers={"ETag": f'"{digest.hexdigest()}"'})

    def _signature(self, permit: Permit) -> str:
        signed = "\n".join(("PUT", permit.key, str(permit.expires), permit.content_type, str(permit.length)))
        return hmac.new(self._signing_secret, signed.encode(), hashlib.sha256).hexdigest()


def _permit_of(request: Request) -> Permit | None:
    query = request.query_params
    expires, length = query.get("expires", ""), query.get("length", "")
    if not (_is_number(expires) and (length == "" or _is_number(length))):
        return None
    return Permit(
        request.path_params["key"], int(expires), query.get("type", ""), None if length == "" else int(length)
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 15


def _limit(permit: Permit) -> int:
    return LARGEST_UPLOAD if permit.length is None else min(permit.length, LARGEST_UPLOAD)


def _bare(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _too_large(permit: Permit) -> Response:
    return _refused(413, "EntityTooLarge", f"at most {_limit(permit)} bytes may be uploaded to this address")


def _refused(status: int, code: str, message: str) -> Response:
    body = f"<Error><Code>{code}</Code><Message>Sandbox upload: {escape(message)}</Message></Error>"
    return Response(body, status, media_type="application/xml")
