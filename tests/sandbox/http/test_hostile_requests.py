"""Whatever is sent, the sandbox answers in A2E's shape and never with an error of its own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from a2e_mcp import catalogue
from tests.support.sandbox_client import open_sandbox_client

ENDPOINTS = sorted(
    {(endpoint.method, endpoint.path) for each in catalogue.capabilities() for endpoint in each.endpoints}
)
_ODD = st.sampled_from(
    [
        "",
        "\x00",
        "0" * 24,
        "[sandbox:x]",
        "[sandbox:fail]",
        "http://[",
        "https://example.com/\x00",
        "é" * 2000,
        "𝕏\u202e",
    ]
)
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _ODD | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = sorted(
    {name for each in catalogue.capabilities() for name in each.request.model_json_schema().get("properties", {})}
)

HOSTILE_BODIES = {
    "not JSON": b"{",
    "an array": b"[]",
    "a number": b"1",
    "not UTF-8": b'{"name": "\xff"}',
    "half a letter": b'{"name": "\\ud800"}',
    "no number": b'{"video_time": NaN}',
    "an infinite number": b'{"web_bg_width": 1e999}',
    "a number of 9000 digits": b'{"video_time": ' + b"9" * 9000 + b"}",
    "a hundred thousand levels": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "two megabytes": b'{"name": "' + b"a" * 2_000_000 + b'"}',
    "a NUL": b'{"name": "\\u0000", "key": "\\u0000"}',
}


@pytest.mark.parametrize("kind", HOSTILE_BODIES)
async def test_a_hostile_body_is_refused_by_every_call(kind: str) -> None:
    async with open_sandbox_client() as a2e:
        for method, path in ENDPOINTS:
            if method != "GET":
                response = await a2e.http.request(method, path, content=HOSTILE_BODIES[kind])
                _check(response)


_REQUEST = st.tuples(
    st.sampled_from(ENDPOINTS),
    st.dictionaries(st.sampled_from(_FIELDS) | st.text(max_size=8), _VALUE, max_size=6),
    st.sampled_from(["0" * 24, "1", "%00", "..", "a b", "é"]),
)


@settings(suppress_health_check=list(HealthCheck))
@given(requests=st.lists(_REQUEST, min_size=1, max_size=8))
async def test_any_members_are_answered(requests: list[tuple[tuple[str, str], dict[str, Any], str]]) -> None:
    async with open_sandbox_client(workers=0) as a2e:
        for (method, template), members, record_id in requests:
            path = template.replace("{_id}", record_id).replace("{id}", record_id)
            if method == "GET":
                query = {name: value for name, value in members.items() if isinstance(value, str | int | float)}
                _check(await a2e.http.request(method, path, params=query))
            else:
                _check(await a2e.http.request(method, path, json=members))


def _check(response: Any) -> None:
    assert response.status_code in {200, 400, 403, 404, 405, 413}, response.text
    answer = response.json()
    assert set(answer) <= {"code", "data", "msg", "errors", "trace_id"}
    assert (answer["code"] == 0) == ("data" in answer)


async def test_an_unknown_path_and_a_wrong_method_are_answered_in_a2es_shape() -> None:
    async with open_sandbox_client() as a2e:
        assert (await a2e.refused("POST", "/no/such/call"))[:2] == (404, 404)
        assert (await a2e.refused("DELETE", "/user/remainingCoins"))[:2] == (405, 405)
        assert (await a2e.http.get("/%00/[", headers={"Host": "["})).status_code == 404


async def test_fields_that_a2e_does_not_know_and_nulls_are_passed_over() -> None:
    async with open_sandbox_client() as a2e:
        await a2e.start_clip(webhook_url="https://example.com", whatever={"a": [1]}, negative_prompt=None)
