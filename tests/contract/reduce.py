"""Writes `tests/api_facts/operations.json` from an OpenAPI file that describes A2E: `make facts OPENAPI=openapi.yaml`.

What A2E's menu does not have goes to `beyond_menu.json`: `make facts OPENAPI="more.yaml beyond_menu"`.

The limits of its models go to `model_rows.json` with it, where the file has them.

Kept of each operation are its name, place, fields, choices and status words, whether it is charged, and the evidence.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.support.paths import API_FACTS

NOTE = (
    "Reduced from A2E's documentation: what each call is called, where it is, and what it takes. "
    "Written from A2E's side, not from ours."
)
_METHODS = ("get", "post", "put", "delete")


def main() -> None:
    """Read the file that is named, and write the facts, into operations.json or the name after it."""
    target = API_FACTS / f"{sys.argv[2] if len(sys.argv) > 2 else 'operations'}.json"
    spec = yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8"))
    facts = {"note": NOTE, "operations": list(_operations(spec))}
    target.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(facts['operations'])} operations are in {target}")
    if rows := spec.get("x-model-rows"):
        models = API_FACTS / "model_rows.json"
        models.write_text(
            json.dumps({"note": NOTE, "rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        print(f"{len(rows)} models are in {models}")


def _operations(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield _reduced(spec, method, path, operation, item.get("parameters", []))


def _reduced(
    spec: dict[str, Any], method: str, path: str, operation: dict[str, Any], shared: list[Any]
) -> dict[str, Any]:
    parameters = [_resolved(spec, each) for each in (*shared, *operation.get("parameters", []))]
    asked = [each for each in parameters if each["in"] in ("path", "query")]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = _resolved(spec, content.get("schema", {}))
    fields = {each["name"]: each["schema"] for each in asked} | body.get("properties", {})
    # What stands in the path is always there.
    required = {each["name"] for each in asked if each["in"] == "query" and each.get("required")}
    enums = {name: schema["enum"] for name, schema in fields.items() if "enum" in schema}
    statuses = {each["value"]: each["normalized"] for each in operation.get("x-statuses", [])}
    return {
        "operationId": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "required": sorted(required | set(body.get("required", []))),
        "fields": sorted(fields),
        **({"enums": enums} if enums else {}),
        **({"statuses": statuses} if statuses else {}),
        "evidence": operation["x-evidence"],
        "answerEvidence": operation["x-response-evidence"],
        "charges": operation["x-charges"],
    }


def _resolved(spec: dict[str, Any], part: Any) -> dict[str, Any]:
    while "$ref" in part:
        target: Any = spec
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        part = target
    return dict(part)


if __name__ == "__main__":
    main()
