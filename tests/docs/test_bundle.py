"""The bundle: what the manifest promises is what the server gets and does."""

from __future__ import annotations

import json
import re
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

import a2e_mcp
from a2e_mcp.cli.doctor.server_start import start_server
from a2e_mcp.cli.install.entry import ServerEntry
from a2e_mcp.server.visibility import visible
from a2e_mcp.setting_rows import variables
from a2e_mcp.settings import Settings
from docs import bundle
from tests.support.paths import CHECKOUT

# From the schema of manifests of version 0.4; anything else is refused.
KEYS = {
    "manifest_version", "name", "display_name", "version", "description", "long_description", "author", "repository",
    "homepage", "documentation", "support", "icon", "server", "tools", "prompts_generated", "keywords", "license",
    "compatibility", "user_config",
}  # fmt: skip
OPTION_KEYS = {"type", "title", "description", "required", "default", "multiple", "sensitive", "min", "max"}
OPTION_TYPES = {"string", "number", "boolean", "directory", "file"}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    with zipfile.ZipFile(bundle.build(folder / "dist")) as archive:
        archive.extractall(folder / "here")
    return folder / "here"


def substituted(text: str, chosen: dict[str, Any]) -> str:
    """A value as the host writes it: what was not chosen stays as it is."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in chosen:
            return found[0]
        return {True: "true", False: "false"}.get(chosen[found[1]], str(chosen[found[1]]))

    return re.sub(r"\$\{user_config\.(\w+)\}", value, text)


def entry_of(unpacked: Path, chosen: dict[str, Any], folders: list[str]) -> tuple[ServerEntry, dict[str, str]]:
    """What the host starts; uv, which makes the environment, is left out."""
    manifest = json.loads((unpacked / "manifest.json").read_text(encoding="utf-8"))
    config = manifest["server"]["mcp_config"]
    assert config["args"][:3] == ["run", "--directory", "${__dirname}"]
    script, asked = config["args"][3:]
    assert asked == "${user_config.folders}"
    environment = {name: substituted(text, chosen) for name, text in config["env"].items()}
    return ServerEntry(sys.executable, [str(unpacked / script), *(folders or [asked])]), environment


def test_the_manifest_says_nothing_that_is_unknown_or_untrue(unpacked: Path) -> None:
    manifest = json.loads((unpacked / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest) == KEYS
    assert (manifest["version"], manifest["server"]["type"]) == (a2e_mcp.__version__, "uv")
    assert all((unpacked / name).is_file() for name in (manifest["icon"], manifest["server"]["entry_point"], "LICENSE"))
    assert [tool["name"] for tool in manifest["tools"]] == list(visible(Settings()))
    for option in manifest["user_config"].values():
        assert set(option) <= OPTION_KEYS
        assert {"type", "title", "description"} <= set(option)
        assert option["type"] in OPTION_TYPES
    assert manifest["user_config"]["api_token"]["sensitive"]
    config = manifest["server"]["mcp_config"]
    asked = re.findall(r"\$\{user_config\.(\w+)\}", json.dumps(config))
    assert sorted(asked) == sorted(manifest["user_config"])
    assert set(config["env"]) <= set(variables())


def test_uv_finds_everything_in_the_bundle(unpacked: Path) -> None:
    project = tomllib.loads((unpacked / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dependencies"] == ["a2e-mcp[sandbox]"]
    assert (unpacked / project["tool"]["uv"]["sources"]["a2e-mcp"]["path"]).is_file()
    ours = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["project"]["requires-python"] == ours["requires-python"]


async def test_the_switch_for_the_sandbox_wins_over_a_token(unpacked: Path, tmp_path: Path) -> None:
    chosen = {"api_token": "sk_secret_7f3a", "sandbox": True, "daily_credits": 500, "output_folder": str(tmp_path)}
    entry, environment = entry_of(unpacked, chosen, [str(tmp_path)])
    environment |= {"A2E_DATA_DIR": str(tmp_path / "data"), "HOME": str(tmp_path), "PYTHONPATH": str(CHECKOUT)}
    started = await start_server(entry, environment, patience=20, with_call=True)
    assert (started.problem, started.tools) == ("", len(visible(Settings())))
    assert started.call is not None
    assert "SANDBOX" in started.call.text


@pytest.mark.long
async def test_what_was_not_chosen_counts_as_missing(unpacked: Path, tmp_path: Path) -> None:
    # The host fills in the defaults, and leaves what has none.
    entry, environment = entry_of(unpacked, {"sandbox": False}, [])
    environment |= {
        "A2E_DATA_DIR": str(tmp_path / "data"),
        "HOME": str(tmp_path),
        "PYTHONPATH": str(CHECKOUT),
        "A2E_KEYRING": "off",
    }
    started = await start_server(entry, environment, patience=20, with_call=True)
    assert started.problem == ""
    assert started.call is not None
    assert started.call.text.startswith("No A2E token")


def test_equal_sources_make_equal_bundles(unpacked: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle.build(tmp_path)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        names = {name for name in archive.namelist() if not name.endswith(".whl")}
        assert all(archive.read(name) == (unpacked / name).read_bytes() for name in names)
