"""The control of a sandbox (reset, seed, advance, policy, inspect): methods in process, `/_sandbox/` from outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from a2e_mcp.catalogue import FAMILIES
from a2e_mcp.catalogue.avatar_training import TrainAvatar
from a2e_mcp.sandbox.behaviour.service import Service
from a2e_mcp.sandbox.clock import iso
from a2e_mcp.sandbox.errors import Refusal, invalid, invalid_fields
from a2e_mcp.sandbox.families.avatar_training import LIP_SYNC, twin_body
from a2e_mcp.sandbox.families.avatars import DRAWN_SEED, TWINS
from a2e_mcp.sandbox.families.voice_clones import FROM_VIDEO
from a2e_mcp.sandbox.http.requests import read_object
from a2e_mcp.sandbox.jobs.policy import Policy

CONTROL_PREFIX = "/_sandbox"

# Lip-sync is trained on the record of an avatar, and a voice from a video is a voice as any other.
_RECORD_FAMILIES = tuple(family for family in FAMILIES if family not in {LIP_SYNC, FROM_VIDEO})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SeededAvatar(_Strict):
    """An own avatar that is there without training: a drawn person."""

    name: str = Field(min_length=1, max_length=200)
    gender: Literal["female", "male"] = "female"


class SeededRecord(_Strict):
    """A record of a job that is over; with a `failure` it failed."""

    family: str
    body: dict[str, Any] = Field(default_factory=dict)
    failure: str | None = None


class _Seed(_Strict):
    credits: int | None = Field(default=None, ge=0, le=10**9)
    avatars: list[SeededAvatar] = Field(default_factory=list, max_length=1000)
    records: list[SeededRecord] = Field(default_factory=list, max_length=10_000)


class _Advance(_Strict):
    seconds: float = Field(ge=0, le=10**8)


class _PolicyChange(_Strict):
    family: str | None = None
    policy: str


_Model = TypeVar("_Model", bound=_Strict)


class Control:
    """What a test, or a curious person, can do to a sandbox beside calling A2E."""

    def __init__(self, service: Service, *, credits: int, counts: Counter[str]) -> None:
        self._service = service
        self._credits = credits
        self._counts = counts
        self._default_policy = service.jobs.default_policy
        self._policies = dict(service.jobs.policies)

    def reset(self) -> None:
        """Forget everything: records, jobs, files, spending, policies, and the clock's setting."""
        service = self._service
        service.jobs.stop_all()
        service.store.clear()
        service.files.clear()
        service.clock.reset()
        service.jobs.default_policy = self._default_policy
        service.jobs.policies = dict(self._policies)
        service.store.grant_once(self._credits, service.clock.now())
        self._counts.clear()

    def seed(
        self,
        *,
        credits: int | None = None,
        avatars: Sequence[Mapping[str, Any]] = (),
        records: Sequence[Mapping[str, Any]] = (),
    ) -> list[str]:
        """Set the balance, and add avatars and finished records; answers the new records' ids. Raises Refusal."""
        try:
            seed = _Seed.model_validate({"credits": credits, "avatars": list(avatars), "records": list(records)})
        except ValidationError as problem:
            raise invalid_fields(problem) from None
        for record in seed.records:
            _check_family(record.family, _RECORD_FAMILIES)
        service = self._service
        with service.store.transaction():
            if seed.credits is not None:
                service.store.book(seed.credits - service.store.balance, "sandbox seed", service.clock.now())
            ids = [self._add_avatar(avatar) for avatar in seed.avatars]
            ids += [self._add_record(record.family, record.body, record.failure) for record in seed.records]
        return ids

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._service.clock.advance(seconds)
        self._service.jobs.announce()

    def policy(self, policy: str, family: str | None = None) -> None:
        """Say when new jobs finish, of one family or of all. Raises Refusal."""
        try:
            parsed = Policy.parse(policy)
        except ValueError as problem:
            raise invalid("policy", str(problem)) from None
        if family is None:
            self._service.jobs.default_policy = parsed
            self._service.jobs.policies.clear()
        else:
            _check_family(family, FAMILIES)
            self._service.jobs.policies[family] = parsed

    def inspect(self) -> dict[str, Any]:
        """Balance, records, jobs, spending, clock, policies, and how often each path was requested."""
        service = self._service
        return {
            "sandbox": True,
            "credits": service.store.balance,
            "clock": {"now": iso(service.clock.now()), "frozen": service.clock.is_frozen},
            "records": service.store.count_by_family(),
            "jobs": [
                {
                    "id": job.id,
                    "record_id": job.record_id,
                    "family": job.family,
                    "phase": job.phase,
                    "progress": job.progress,
                    "price": job.price,
                    "policy": str(job.policy),
                    "polls": job.polls,
                    "magic": sorted(job.traits),
                    "worker": service.pool.process_ids.get(job.id),
                    "failure": job.failure_message,
                }
                for job in service.jobs.rows.all()
            ],
            "transactions": [
                {"at": iso(change.at), "amount": change.amount, "reason": change.reason, "record_id": change.record_id}
                for change in service.store.transactions()
            ],
            "policy": str(service.jobs.default_policy),
            "policies": {family: str(policy) for family, policy in service.jobs.policies.items()},
            "requests": dict(self._counts),
        }

    async def settle(self, seconds: float = 60.0) -> None:
        """Wait until everything that was started has been rendered. Raises TimeoutError."""
        await self._service.jobs.settle(seconds)

    def _add_avatar(self, avatar: SeededAvatar) -> str:
        body = twin_body(TrainAvatar(name=avatar.name, gender=avatar.gender, video_background_color="rgb(225,230,235)"))
        # The same name is drawn as the same person.
        body[DRAWN_SEED] = sum(avatar.name.encode()) + 1000
        return self._add_record(TWINS, body, None)

    def _add_record(self, family: str, body: dict[str, Any], failure: str | None) -> str:
        service = self._service
        now = service.clock.now()
        if family == TWINS:
            # Without these an avatar could not be used.
            body = twin_body(TrainAvatar(name="seeded")) | body
        record = service.store.add_record(family, service.files.referring(body), now)
        service.jobs.rows.add_ended(family, record.id, failure=failure, at=now, note="Seeded, not rendered.")
        return record.id


def control_routes(control: Control) -> list[Route]:
    """The control over HTTP, for a sandbox on a port."""

    def reset(_: dict[str, Any]) -> object:
        control.reset()
        return {"ok": True}

    def seed(members: dict[str, Any]) -> object:
        wanted = _read(_Seed, members)
        ids = control.seed(
            credits=wanted.credits,
            avatars=[avatar.model_dump() for avatar in wanted.avatars],
            records=[record.model_dump() for record in wanted.records],
        )
        return {"ok": True, "ids": ids}

    def advance(members: dict[str, Any]) -> object:
        control.advance(_read(_Advance, members).seconds)
        return {"ok": True, "now": control.inspect()["clock"]["now"]}

    def policy(members: dict[str, Any]) -> object:
        wanted = _read(_PolicyChange, members)
        control.policy(wanted.policy, wanted.family)
        return {"ok": True}

    def inspect(_: dict[str, Any]) -> object:
        return control.inspect()

    def health(_: dict[str, Any]) -> object:
        return {"ok": True, "sandbox": True}

    changes = {"reset": reset, "seed": seed, "advance": advance, "policy": policy}
    looks = {"inspect": inspect, "health": health}
    return [_route(name, "POST", change) for name, change in changes.items()] + [
        _route(name, "GET", look) for name, look in looks.items()
    ]


def _route(name: str, method: str, act: Callable[[dict[str, Any]], object]) -> Route:
    async def answer(request: Request) -> Response:
        # Only a browser sends an origin, and no web page has any business here.
        if "origin" in request.headers:
            raise Refusal("Sandbox: the control accepts no requests from web pages", status=403)
        return JSONResponse(act(await read_object(request) if method == "POST" else {}))

    return Route(f"{CONTROL_PREFIX}/{name}", answer, methods=[method])


def _read(model: type[_Model], members: dict[str, Any]) -> _Model:
    try:
        return model.model_validate(members)
    except ValidationError as problem:
        raise invalid_fields(problem) from None


def _check_family(family: str, known: Iterable[str]) -> None:
    if family not in known:
        raise invalid("family", f"unknown; known are {', '.join(known)}")
