"""Orders and replies as lines of JSON.

Decoding is strict: an unknown kind or field, a missing field or a value of the wrong type is an `InvalidLine`.
"""

import dataclasses
import json
import types
import typing
from typing import Any, Literal

from a2e_mcp.sandbox.protocol.orders import ORDER_KINDS, Order
from a2e_mcp.sandbox.protocol.parts import PART_KINDS
from a2e_mcp.sandbox.protocol.replies import Done, Failed, Failure, Outcome, Progress, Ready, Reply


class InvalidLine(ValueError):
    """A line that is not a well-formed order or reply; `errand_id` is set when it could still be read."""

    def __init__(self, message: str, errand_id: str | None = None) -> None:
        super().__init__(message)
        self.errand_id = errand_id


def kind_of(order: Order) -> str:
    """The word an order goes by in JSON."""
    return next(kind for kind, order_type in ORDER_KINDS.items() if type(order) is order_type)


def order_to_json(order: Order) -> dict[str, Any]:
    """An order as plain JSON values."""
    return {"kind": kind_of(order), **_fields_to_json(order)}


def order_from_json(value: object) -> Order:
    """An order from plain JSON values. Raises InvalidLine."""
    members = dict(_object(value, "order"))
    kind = members.pop("kind", None)
    order_type = ORDER_KINDS.get(kind) if isinstance(kind, str) else None
    if order_type is None:
        raise InvalidLine(f"unknown kind of order {kind!r}; known are {', '.join(ORDER_KINDS)}")
    order: Order = _dataclass_from_json(order_type, members, str(kind))
    return order


def order_to_line(errand_id: str, order: Order) -> str:
    """The line that asks a worker to carry out an order."""
    return _line({"id": errand_id, "order": order_to_json(order)})


def order_from_line(line: str) -> tuple[str, Order]:
    """The id and order of a line sent to a worker. Raises InvalidLine."""
    members = _parse(line)
    errand_id = members.get("id")
    if not isinstance(errand_id, str):
        raise InvalidLine("an order line needs an id, a string")
    if unknown := set(members) - {"id", "order"}:
        raise InvalidLine(f"unknown fields around the order: {', '.join(sorted(unknown))}", errand_id)
    try:
        return errand_id, order_from_json(members.get("order"))
    except InvalidLine as problem:
        raise InvalidLine(str(problem), errand_id) from None


def reply_to_line(reply: Reply) -> str:
    """The line with which a worker answers."""
    match reply:
        case Ready():
            return _line({"ready": True, **_fields_to_json(reply)})
        case Progress():
            return _line({"id": reply.id, "progress": round(reply.progress, 3)})
        case Done():
            return _line({"id": reply.id, "done": _fields_to_json(reply.outcome)})
        case Failed():
            return _line({"id": reply.id, "failed": _fields_to_json(reply.failure)})


def reply_from_line(line: str) -> Reply:
    """A worker's answer from its line. Raises InvalidLine."""
    members = _parse(line)
    if members.get("ready") is True:
        ready: Ready = _dataclass_from_json(Ready, {k: v for k, v in members.items() if k != "ready"}, "ready")
        return ready
    match members:
        case {"id": str(errand_id), "progress": int() | float() as progress} if len(members) == 2:
            return Progress(id=errand_id, progress=float(progress))
        case {"id": str(errand_id), "done": done} if len(members) == 2:
            return Done(id=errand_id, outcome=_dataclass_from_json(Outcome, _object(done, "done"), "done"))
        case {"id": str(errand_id), "failed": failed} if len(members) == 2:
            return Failed(id=errand_id, failure=_dataclass_from_json(Failure, _object(failed, "failed"), "failed"))
    raise InvalidLine("not a reply: neither ready, progress, done nor failed")


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _parse(line: str) -> dict[str, Any]:
    try:
        return _object(json.loads(line), "line")
    except ValueError as problem:
        raise InvalidLine(f"not a JSON object: {problem}") from None


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidLine(f"{where} must be an object")
    return value


def _fields_to_json(value: Any) -> dict[str, Any]:
    return {part.name: _to_json(getattr(value, part.name)) for part in dataclasses.fields(value)}


def _to_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    kind = PART_KINDS.get(type(value))
    return value if kind is None else {"kind": kind, **_fields_to_json(value)}


def _dataclass_from_json(of: type[Any], members: dict[str, Any], where: str) -> Any:
    hints = typing.get_type_hints(of)
    if unknown := set(members) - set(hints):
        raise InvalidLine(f"{where}: unknown {', '.join(sorted(unknown))}")
    required = {part.name for part in dataclasses.fields(of) if _is_required(part)}
    if missing := required - set(members):
        raise InvalidLine(f"{where}: missing {', '.join(sorted(missing))}")
    return of(**{name: _from_json(hints[name], value, f"{where}.{name}") for name, value in members.items()})


def _is_required(part: dataclasses.Field[Any]) -> bool:
    return part.default is dataclasses.MISSING and part.default_factory is dataclasses.MISSING


def _from_json(hint: Any, value: Any, where: str) -> Any:
    is_union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    for option in typing.get_args(hint) if is_union else (hint,):
        origin = typing.get_origin(option)
        if option in PART_KINDS:
            if isinstance(value, dict) and value.get("kind") == PART_KINDS[option]:
                return _dataclass_from_json(option, {k: v for k, v in value.items() if k != "kind"}, where)
        elif origin is tuple:
            if isinstance(value, list):
                item_hint = typing.get_args(option)[0]
                return tuple(_from_json(item_hint, item, f"{where}[{at}]") for at, item in enumerate(value))
        elif origin is Literal:
            if value in typing.get_args(option):
                return value
        elif option is float and type(value) in (int, float):
            return float(value)
        # The exact type, because True is an int and a number is never meant by it.
        elif type(value) is (origin or option):
            return value
    raise InvalidLine(f"{where}: not a valid value")
