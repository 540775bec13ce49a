"""What the README shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import a2e_mcp

README = Path(a2e_mcp.__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]


def run(*command: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_client_example_speaks_spanish(tmp_path: Path) -> None:
    example = next(text for text in PYTHON if "A2EClient" in text)
    (tmp_path / "example.py").write_text(example, encoding="utf-8")
    assert re.search(r"^\S+ said it: http://127\.0\.0\.1:\d+/\S+\.mp3$", run("example.py", folder=tmp_path).strip())


def test_the_fixture_example_passes_as_a_test(tmp_path: Path) -> None:
    example = next(text for text in PYTHON if "pytest_plugins" in text)
    (tmp_path / "test_my_agent.py").write_text(example, encoding="utf-8")
    told = run("-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", folder=tmp_path)
    assert "1 passed" in told


def test_every_make_target_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", README.with_name("Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE)) <= targets
