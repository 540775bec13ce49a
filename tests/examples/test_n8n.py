"""The workflow of n8n: its nodes call tools as they are, and its loop ends with the link.

n8n itself is not run: the few expressions of the workflow are read here as n8n reads them. The nodes' parameters are
those of @n8n/n8n-nodes-langchain 2.41.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from a2e_mcp.cli.install.http_clients import n8n_node
from tests.examples.frameworks import EXAMPLES
from tests.support.server import open_server

PARAMETERS = {"serverTransport", "endpointUrl", "authentication", "tool", "inputMode", "jsonInput", "options"}
WORKFLOW = json.loads((EXAMPLES / "n8n.json").read_text(encoding="utf-8"))
NODES: dict[str, dict[str, Any]] = {node["name"]: node for node in WORKFLOW["nodes"]}
MOST_STEPS = 20


def following(name: str, output: int = 0) -> str | None:
    outputs = WORKFLOW["connections"].get(name, {"main": []})["main"]
    return outputs[output][0]["node"] if output < len(outputs) else None


def arguments_of(node: dict[str, Any], seen: dict[str, Any]) -> dict[str, Any]:
    """What the node sends: JSON, or the one expression that the workflow uses."""
    text: str = node["parameters"]["jsonInput"]
    if not text.startswith("={{"):
        read: dict[str, Any] = json.loads(text)
        return read
    assert text == "={{ JSON.stringify({ job_ids: [$json.structuredContent.job_id], seconds: 40 }) }}"
    return {"job_ids": [seen["job_id"]], "seconds": 40}


async def test_the_workflow_starts_a_video_waits_in_a_loop_and_ends_with_the_link(tmp_path: Path) -> None:
    seen: dict[str, Any] = {}
    name: str | None = "Run"
    asked = []
    async with open_server(tmp_path) as server:
        for _ in range(MOST_STEPS):
            assert name is not None
            node, output = NODES[name], 0
            if node["type"].endswith(".mcpClient"):
                tool = node["parameters"]["tool"]["value"]
                asked.append(tool)
                # A node before version 1.1 does not notice a tool's error.
                assert node["typeVersion"] >= 1.1
                result = await server.client.call_tool(tool, arguments_of(node, seen))
                assert not result.is_error, result.content
                seen = result.structured_content or {}
            elif node["type"].endswith(".if"):
                (condition,) = node["parameters"]["conditions"]["conditions"]
                expected = "={{ ['succeeded', 'failed'].includes($json.structuredContent.state) }}"
                assert condition["leftValue"] == expected
                output = 0 if seen["state"] in ("succeeded", "failed") else 1
            elif node["type"].endswith(".set"):
                break
            name = following(name, output)
    assert name == "Link"
    assert asked[0] == "start_avatar_video"
    assert set(asked[1:]) == {"wait_for_job"}
    values = [each["value"] for each in NODES["Link"]["parameters"]["assignments"]["assignments"]]
    assert values == ["={{ $json.structuredContent.results[0] }}", "={{ $json.structuredContent.credits }}"]
    assert seen["results"][0].endswith(".mp4")
    assert seen["credits"] > 0


def test_the_loop_goes_back_until_the_job_has_ended() -> None:
    assert following("Finished?", 0) == "Link"
    assert following("Finished?", 1) == "Wait"
    assert set(WORKFLOW["connections"]) | {"Link"} == set(NODES)


def test_the_nodes_have_the_parameters_that_n8n_reads_and_the_address_that_install_shows() -> None:
    shown: Any = n8n_node()["nodes"]
    for node in NODES.values():
        if node["type"].endswith(".mcpClient"):
            assert set(node["parameters"]) == PARAMETERS
            assert node["parameters"]["endpointUrl"] == shown[0]["parameters"]["endpointUrl"]
            # A call may take 45 seconds.
            assert node["parameters"]["options"]["timeout"] > 45_000
    assert len({node["id"] for node in NODES.values()}) == len(NODES)
