"""What is shipped: whole, found wherever it lies, and true to what is said about it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import a2e_mcp
from a2e_mcp.server import prompts, tool_index
from a2e_mcp.setting_rows import secret_variables, setting_rows
from a2e_mcp.settings import read_settings
from docs.generate import entry_rewritten
from tests.support.paths import CHECKOUT

HOME = CHECKOUT
PACKAGE = HOME / "a2e_mcp"
MODELS = PACKAGE / "sandbox" / "renderer" / "vision" / "models"
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel as it would be published."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=HOME, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    assert built.name == f"a2e_mcp-{a2e_mcp.__version__}-py3-none-any.whl"
    return zipfile.Path(built)


@pytest.fixture(scope="module")
def unpacked(wheel: zipfile.Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, laid out as an installer would."""
    folder = tmp_path_factory.mktemp("site")
    shutil.unpack_archive(str(wheel.root.filename), folder, "zip")
    return folder


def metadata_of(wheel: zipfile.Path) -> str:
    return (wheel / f"a2e_mcp-{a2e_mcp.__version__}.dist-info" / "METADATA").read_text(encoding="utf-8")


def names_in(wheel: zipfile.Path) -> set[str]:
    return set(wheel.root.namelist())


def test_the_wheel_holds_everything_the_program_reads(wheel: zipfile.Path) -> None:
    modules = {str(path.relative_to(HOME)) for path in PACKAGE.rglob("*.py")}
    prompts = {f"a2e_mcp/prompts/{path.name}" for path in (HOME / "prompts").iterdir()}
    models = {str(path.relative_to(HOME)) for path in MODELS.iterdir()}
    info = f"a2e_mcp-{a2e_mcp.__version__}.dist-info"
    drawn = {f"a2e_mcp/sandbox/renderer/drawn/{name}.json" for name in ("figure", "landscape")}
    needed = {"a2e_mcp/py.typed", "a2e_mcp/server/tools.json", *drawn, *modules, *prompts, *models}
    needed |= {f"{info}/licenses/LICENSE", f"{info}/licenses/NOTICE", f"{info}/entry_points.txt"}
    assert needed <= names_in(wheel)
    assert len(prompts) >= 2
    assert len(models) >= 4


def test_the_wheel_holds_nothing_else(wheel: zipfile.Path) -> None:
    for name in names_in(wheel):
        assert name.startswith("a2e_mcp"), name
        assert not re.search(r"test_|conftest|__pycache__|\.pyc$|\.sqlite|/\.", name), name
    assert sum(entry.file_size for entry in wheel.root.infolist()) < 25 * 2**20


def test_the_wheel_says_what_it_needs_and_how_it_is_called(wheel: zipfile.Path) -> None:
    info = wheel / f"a2e_mcp-{a2e_mcp.__version__}.dist-info"
    metadata = metadata_of(wheel)
    assert "Requires-Dist: mcp<3,>=2.3" in metadata
    assert "Provides-Extra: sandbox" in metadata
    assert "License-Expression: MIT" in metadata
    assert "a2e-mcp = a2e_mcp.__main__:main" in (info / "entry_points.txt").read_text(encoding="utf-8")


def test_the_page_on_the_package_index_has_links_that_lead_somewhere(wheel: zipfile.Path) -> None:
    metadata = metadata_of(wheel)
    for label in ("Homepage", "Documentation", "Changelog", "Issues", "Source"):
        assert f"Project-URL: {label}, https://" in metadata
    relative = re.findall(r"\]\(([^)]+)\)", (HOME / "README.md").read_text(encoding="utf-8"))
    relative = [link for link in relative if not link.startswith("https://")]
    assert len(relative) > 10
    for link in relative:
        assert (HOME / link).is_file(), link
        kind = (
            "raw.githubusercontent.com/a2e-mcp/a2e-mcp/main"
            if "pictures" in link
            else "github.com/a2e-mcp/a2e-mcp/blob/main"
        )
        assert f"](https://{kind}/{link})" in metadata
        assert f"]({link})" not in metadata


def test_the_licence_of_the_models_comes_with_them(wheel: zipfile.Path) -> None:
    licence = (wheel / "a2e_mcp/sandbox/renderer/vision/models/LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_the_source_archive_holds_what_its_tests_read(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, cwd=HOME, check=True, capture_output=True)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert {str(path.relative_to(HOME)) for path in shipped_texts()} <= packed
    data = {str(path.relative_to(HOME)) for path in (HOME / "tests").rglob("data/*") if path.is_file()}
    assert data
    assert data <= packed


ASKS = """
import sys, pathlib, a2e_mcp
from a2e_mcp.server import prompts, tool_index
from a2e_mcp.__main__ import main
print(pathlib.Path(a2e_mcp.__file__).parents[1])
print(",".join(sorted(each.name for each in prompts.listed())))
print(len(tool_index.tools()))
"""


def test_prompts_and_tools_are_found_from_the_wheel_and_from_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    # -S leaves out this environment's editable install; its other packages are added by hand.
    rest = [path for path in sys.path if path.endswith("site-packages")]
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {[str(unpacked)]}; sys.path += {rest}\n{ASKS}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    home, names, tools = done.stdout.splitlines()
    assert home == str(unpacked)
    # The tests themselves run from the checkout.
    assert Path(a2e_mcp.__file__).parent == PACKAGE
    assert names == ",".join(sorted(each.name for each in prompts.listed()))
    assert int(tools) == len(tool_index.tools())
    assert "avatar_video" in names.split(",")


def test_the_command_runs_from_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "a2e_mcp", "--version"],
        env={"PYTHONPATH": str(unpacked)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"a2e-mcp {a2e_mcp.__version__}\n"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_notice_names_every_model_by_its_hash() -> None:
    notice = (HOME / "NOTICE").read_text(encoding="utf-8")
    told = dict(re.findall(r"^ {2}(\S+\.(?:tflite|onnx)).*?sha256\s+([0-9a-f]{64})", notice, re.MULTILINE | re.DOTALL))
    shipped = {path.name: digest(path) for path in MODELS.iterdir() if path.suffix in (".tflite", ".onnx")}
    assert told == shipped


@pytest.mark.parametrize("extra", ["film", "sandbox", "sandbox-live", "company"])
def test_the_notice_names_every_package_of_the_extra(extra: str) -> None:
    notice = (HOME / "NOTICE").read_text(encoding="utf-8")
    named = {re.split(r"[><=[]", requirement)[0] for requirement in PROJECT["optional-dependencies"][extra]}
    for name in named - {PROJECT["name"]}:
        assert re.search(rf"^ {{2}}{re.escape(name)}\s", notice, re.MULTILINE), name


def test_the_registry_entry_is_true() -> None:
    entry = json.loads((HOME / "server.json").read_text(encoding="utf-8"))
    (package,) = entry["packages"]
    assert entry["version"] == package["version"] == a2e_mcp.__version__
    assert package["identifier"] == PROJECT["name"]
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", entry["name"])
    assert len(entry["description"]) <= 100
    assert package["transport"] == {"type": "stdio"}
    # Where somebody only sets A2E_SANDBOX=1, what it renders with is there: `uvx --with a2e-mcp[sandbox] a2e-mcp`.
    (extra,) = package["runtimeArguments"]
    assert (package["runtimeHint"], extra["type"], extra["name"]) == ("uvx", "named", "--with")
    assert extra["value"] in {f"{PROJECT['name']}[{name}]" for name in PROJECT["optional-dependencies"]}
    variables = package["environmentVariables"]
    assert [variable["name"] for variable in variables] == [row.variable for row in setting_rows()]
    assert entry_rewritten(json.dumps(entry)) == (HOME / "server.json").read_text(encoding="utf-8")
    for variable in variables:
        assert variable["format"] in ("string", "number", "boolean", "filepath")
        assert not variable["isRequired"]
        assert variable["isSecret"] is (variable["name"] in secret_variables())
    # What a host fills in unasked changes nothing.
    filled_in = {variable["name"]: variable["default"] for variable in variables if "default" in variable}
    assert len(filled_in) > 3
    assert read_settings(filled_in) == read_settings({})
    # With this line the registry believes that the package on PyPI is ours.
    assert f"mcp-name: {entry['name']}" in (HOME / "README.md").read_text(encoding="utf-8")


TEXT = {".py", ".md", ".toml", ".json", ".txt", ".yml", ".yaml", ""}
# Where people's and machines' own files lie, this one's among them; and what is put down only for a while.
OWN_PLACES = "|".join(re.escape(f"{place}/") for place in {str(HOME), str(Path.home())})
LEFTOVERS = re.compile(
    rf"(?<![\w.])/(?:home|Users)/[a-z]\w+|{OWN_PLACES}|\bTO[D]O\b|\bFIX[M]E\b|^<{{7}} ", re.MULTILINE
)


def shipped_texts() -> list[Path]:
    places = ["a2e_mcp", "prompts", "tests", "bench", "examples", "docs", ".ci"]
    inside = [path for place in places for path in (HOME / place).rglob("*")]
    found = [path for path in (*inside, *HOME.iterdir()) if path.is_file() and path.suffix in TEXT]
    return [path for path in found if not path.name.startswith(".") and "__pycache__" not in path.parts]


def test_no_path_of_any_machine_and_nothing_unfinished_is_left_in_the_tree() -> None:
    texts = shipped_texts()
    assert len(texts) > 100
    found = [
        f"{path.relative_to(HOME)}: {match[0]}"
        for path in texts
        for match in LEFTOVERS.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_the_registry_shows_files_that_are_in_the_repository() -> None:
    entry = json.loads((HOME / "server.json").read_text(encoding="utf-8"))
    assert entry["repository"] == {"url": PROJECT["urls"]["Source"], "source": "github"}
    assert entry["websiteUrl"] == PROJECT["urls"]["Homepage"]
    for icon in entry["icons"]:
        name = icon["src"].removeprefix("https://raw.githubusercontent.com/a2e-mcp/a2e-mcp/main/")
        content = (HOME / name).read_bytes()
        assert content.startswith(b"\x89PNG" if icon["mimeType"] == "image/png" else b"<svg")


def test_the_image_is_built_of_what_it_is_given(wheel: zipfile.Path, tmp_path: Path) -> None:
    """Docker sees only what .dockerignore lets through: the package can be built of that, and is the same."""
    for line in (HOME / ".dockerignore").read_text(encoding="utf-8").split():
        if (name := line.removeprefix("!")) == line:
            assert line == "*"
        elif (HOME / name).is_dir():
            shutil.copytree(HOME / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(HOME / name, tmp_path / name)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
    (built,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        assert set(archive.namelist()) == {name for name in names_in(wheel) if not name.endswith("/")}


def test_the_image_is_run_by_a_user_without_rights() -> None:
    *_, last = (HOME / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")
    words = dict(re.findall(r"^(USER|ENTRYPOINT) (.*)$", last, re.MULTILINE))
    assert words["USER"] not in ("root", "0")
    assert json.loads(words["ENTRYPOINT"]) == [PROJECT["name"]]
    assert "ca-certificates" in last
    assert 'io.modelcontextprotocol.server.name="io.github.a2e-mcp/a2e-mcp"' in last
    variables = set(re.findall(r"\b(A2E_\w+)=", last))
    assert variables <= {row.variable for row in setting_rows()}


def test_a_tag_is_released_only_when_its_tests_have_passed() -> None:
    workflow = YAML(typ="safe").load((HOME / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    jobs = workflow["jobs"]
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    assert (jobs["build"]["needs"], jobs["publish"]["needs"], jobs["release"]["needs"]) == ("test", "build", "publish")
    # No password is stored: the index trusts this very job.
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["environment"]["name"] == "pypi"
    assert "secrets." not in (HOME / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    tests = YAML(typ="safe").load((HOME / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    assert len(tests["jobs"]["check"]["strategy"]["matrix"]["system"]) == 3
