"""Makes the README's pictures from a real run of `a2e-mcp demo`: `make pictures`.

The terminal is the demo's own output as SVG, with the folder replaced by its default; the frame is the demo's poster.
"""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent / "pictures"
TERMINAL = FOLDER / "demo.svg"
FRAME = FOLDER / "frame.jpg"

_WIDTH = 640
_COLUMN, _LINE, _MARGIN = 7.25, 19, 18
_LONGEST = 116
_VARIABLE = re.compile(
    r"[0-9a-f]{24}|\S*a2e-demo\.(mp4|png)|\S*a2e-mcp install|\d+(\.\d+)?"  # ids, folders and figures
    r"|credits[. ,(].*|Saved .*|\.\.\..*"  # what may be cut, or differ where speech is reused
)
_TEXT = re.compile(r"<text[^>]*>(.*?)</text>")


def terminal(output: str) -> str:
    """The output of a command as a picture of a terminal."""
    lines = ["$ a2e-mcp demo", *(_shortened(line) for line in output.rstrip().splitlines())]
    width = round(max(map(len, lines)) * _COLUMN + 2 * _MARGIN)
    height = len(lines) * _LINE + 2 * _MARGIN
    rows = "".join(
        f'<text x="{_MARGIN}" y="{_MARGIN + _LINE * number + 13}" fill="{_colour(line)}">{html.escape(line)}</text>\n'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12" xml:space="preserve">\n'
        f'<rect width="{width}" height="{height}" rx="8" fill="#10161d"/>\n{rows}</svg>\n'
    )


def constant_lines(output: str) -> list[str]:
    """The lines of a run without what differs from run to run: ids, times, hashes, prices and folders."""
    return [_VARIABLE.sub("*", line).rstrip() for line in output.splitlines() if line.strip()]


def pictured_lines() -> list[str]:
    """The constant lines in the picture of the terminal, without the prompt."""
    shown = [html.unescape(text) for text in _TEXT.findall(TERMINAL.read_text(encoding="utf-8"))]
    return constant_lines("\n".join(shown[1:]))


def main() -> None:
    """Run the demo and write both pictures."""
    from PIL import Image

    with tempfile.TemporaryDirectory(prefix="a2e-pictures-") as folder:
        command = [sys.executable, "-m", "a2e_mcp", "demo", "--folder", folder]
        # A data folder of its own: an earlier run's speech would be reused and not be charged.
        environment = os.environ | {"A2E_DATA_DIR": str(Path(folder, "data"))}
        done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True, encoding="utf-8")
        with Image.open(Path(folder, "a2e-demo.png")) as poster:
            frame = poster.convert("RGB").resize((_WIDTH, _WIDTH * poster.height // poster.width))
    FOLDER.mkdir(exist_ok=True)
    frame.save(FRAME, quality=82, optimize=True)
    output = done.stdout.replace(folder, "~/Videos/A2E")
    TERMINAL.write_text(terminal(output), encoding="utf-8", newline="\n")
    print(f"Wrote {TERMINAL.name} and {FRAME.name}")


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def _colour(line: str) -> str:
    if line.startswith(("$", "  >")):
        return "#8bd5ff"
    return "#9fd8a4" if line.startswith(("    SANDBOX", "Done")) else "#d6dde5"


if __name__ == "__main__":
    main()
