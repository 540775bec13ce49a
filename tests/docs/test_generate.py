"""The generated tables: complete, fresh in the checkout, and written without touching anything else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from a2e_mcp import catalogue
from a2e_mcp.catalogue.models.index import MODELS
from a2e_mcp.sandbox.http.journal import keeping_journal
from a2e_mcp.sandbox.magic_words import MAGIC_WORDS
from a2e_mcp.server.tool_index import names
from a2e_mcp.setting_rows import setting_rows
from docs import generate, menu
from docs.exercises import exercises_in
from tests.support.paths import API_FACTS, CHECKOUT
from tests.support.sandbox_client import open_sandbox_client


def block(name: str, text: str = "") -> str:
    return f"<!-- generated:{name} -->\n{text}<!-- /generated -->"


@pytest.mark.parametrize("name", generate.TABLES)
def test_the_docs_hold_the_fresh_table(name: str) -> None:
    text = block(name, generate.TABLES[name]())
    pages = (CHECKOUT / "README.md", *CHECKOUT.glob("docs/*.md"))
    assert any(text in page.read_text(encoding="utf-8") for page in pages), "run: make docs"


def test_every_generated_block_of_the_checkout_is_fresh() -> None:
    assert [path.name for path, _ in generate.stale(CHECKOUT)] == [], "run: make docs"


def test_every_setting_is_in_the_table() -> None:
    lines = generate.settings_table().splitlines()
    assert [line.split("`")[1] for line in lines[2:]] == [row.variable for row in setting_rows()]


def test_every_tool_is_on_the_page_with_what_it_costs() -> None:
    sections = generate.tools_text().split("### `")[1:]
    assert [section.partition("`")[0] for section in sections] == list(names())
    costly = {section.partition("`")[0] for section in sections if "**Costs credits.**" in section}
    assert all("```json" in section for section in sections)
    assert {"start_avatar_video", "generate_speech", "upload_file"} <= costly
    assert not {"check_status", "delete_job", "quote_job"} & costly


def reaches(tools: str) -> bool:
    """Whether a cell names tools, and only some that there are."""
    found = re.findall(r"`(\w+)`", tools)
    return bool(found) and set(found) <= set(names())


def test_every_call_that_a2e_has_is_reached_by_a_tool_or_named_with_the_reason() -> None:
    rows = dict(menu.beyond_rows())
    assert len(rows) + sum(row.call is not None for row in menu.menu_rows()) == len(list(catalogue.capabilities()))
    for call, tool in rows.items():
        assert reaches(tool) or tool.startswith("none: "), call
    facts = [
        json.loads((API_FACTS / f"{name}.json").read_text(encoding="utf-8")) for name in ("operations", "beyond_menu")
    ]
    told = {(each["method"], each["path"].lower()) for fact in facts for each in fact["operations"]}
    known = {(each.method, each.path.lower()) for call in catalogue.capabilities() for each in call.endpoints}
    assert told == known


def test_every_model_is_on_the_page_with_its_tools() -> None:
    lines = generate.models_table().splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == [model.id for model in MODELS]
    for line, model in zip(lines, MODELS, strict=True):
        assert all(f"`{tool}`" in line for tool in model.tools)


def test_every_entry_of_the_menu_is_reached() -> None:
    rows = menu.menu_rows()
    without = {row.entry for row in rows if not reaches(row.tool)}
    assert without == {
        "Getting API Tokens (2025 version)",
        "Obtain Login Token (old)",
        "Obtain the List of Personalized Lip-Sync Models (old)",
    }
    assert all(row.call for row in rows if reaches(row.tool))
    (drawn,) = (row.tool for row in rows if row.entry == "Start Text-to-Image")
    assert drawn == "`start_text_to_image`, `start_image_edit`"
    assert len({(row.group, row.entry) for row in rows}) == len(rows) == 85


def test_every_entry_with_a_call_has_a_test_that_is_there() -> None:
    rows = [line.split(" | ") for line in generate.coverage_table().splitlines()[2:]]
    links = [re.fullmatch(r"\[(\w+)\]\(\.\./(tests/\S+\.py)\) \|", row[5]) for row in rows]
    for entry, link in zip(menu.menu_rows(), links, strict=True):
        assert (link is not None) == bool(entry.call), entry
        assert link is None or f"def {link[1]}(" in (CHECKOUT / link[2]).read_text(encoding="utf-8")


def marked(folder: Path, *calls: str, test: str = "test_it") -> Path:
    """A checkout with one more test that is marked so."""
    file = folder / "tests" / "deeper" / f"{test}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"import pytest\n\n@pytest.mark.exercises({', '.join(calls)})\nasync def {test}(): ...\n")
    return folder


def test_an_entry_without_a_test_and_a_test_of_no_call_are_reported(tmp_path: Path) -> None:
    known = dict(exercises_in(CHECKOUT))
    lone = exercises_in(marked(tmp_path, "'fly'"))["fly"]
    with pytest.raises(ValueError, match="not in the catalogue: fly"):
        menu.coverage_rows({**known, "fly": lone})
    del known["start_dubbing"]
    with pytest.raises(ValueError, match=r"no test exercises start_dubbing; mark one .*exercises\('start_dubbing'\)"):
        menu.coverage_rows(known)


def test_a_call_is_exercised_by_one_test_that_names_it_plainly(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="plain texts"):
        exercises_in(marked(tmp_path, "*CALLS"))
    marked(tmp_path, "'fly'", "'swim'")
    assert exercises_in(tmp_path)["swim"].name == "test_it"
    with pytest.raises(ValueError, match="fly is exercised by test_it already"):
        exercises_in(marked(tmp_path, "'fly'", test="test_other"))


async def test_the_journal_holds_what_was_done_and_nothing_that_was_refused() -> None:
    with keeping_journal() as done:
        async with open_sandbox_client(workers=0) as a2e:
            await a2e.refused("POST", "/userDubbing/startDubbing", {})
            await a2e.coins()
    assert done == ["get_remaining_credits"]


def test_every_magic_word_is_in_the_table() -> None:
    table = generate.magic_table()
    assert all(f"`{word.written}`" in table for word in MAGIC_WORDS)


def test_every_line_of_a_table_has_the_same_columns() -> None:
    for name in generate.TABLES.keys() - {"tools", "links"}:
        make = generate.TABLES[name]
        columns = {line.replace("\\|", "").count("|") for line in make().splitlines()}
        assert len(columns) == 1


def test_only_the_text_between_the_markers_changes() -> None:
    old, new = block("settings", "old\n"), block("settings", generate.settings_table())
    assert generate.rewritten(f"before\n{old}\nafter\n") == f"before\n{new}\nafter\n"


def test_rewriting_twice_changes_nothing_more() -> None:
    once = generate.rewritten(f"{block('magic')}\n{block('tools')}\n")
    assert generate.rewritten(once) == once


@pytest.mark.parametrize(
    "text",
    [
        block("weather"),
        "<!-- generated:settings -->\nno end",
        "no beginning\n<!-- /generated -->",
        f"<!-- generated:settings -->\nno end\n{block('magic')}",
    ],
)
def test_a_broken_marker_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="generated block"):
        generate.rewritten(text)


def test_a_check_fails_on_a_stale_file_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(block("settings"), encoding="utf-8")
    assert generate.main(["--check"], root=tmp_path) == 1
    assert readme.read_text(encoding="utf-8") == block("settings")
    assert "README.md is stale" in capsys.readouterr().err


def test_writing_makes_readme_and_docs_fresh(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "settings.md"
    page.parent.mkdir()
    for file in (tmp_path / "README.md", page):
        file.write_text(block("settings"), encoding="utf-8")
    assert generate.main([], root=tmp_path) == 0
    assert generate.main(["--check"], root=tmp_path) == 0
    assert "A2E_API_TOKEN" in page.read_text(encoding="utf-8")


def test_a_broken_marker_names_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text(block("weather"), encoding="utf-8")
    assert generate.main([], root=tmp_path) == 1
    assert "README.md: there is no generated block 'weather'" in capsys.readouterr().err
