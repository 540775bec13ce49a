"""Signs that are not meant to be spoken are named in the warning of a quote and of a start, before anything is paid."""

from __future__ import annotations

from pathlib import Path

import pytest

from a2e_mcp.starts.script_signs import script_warning
from tests.support.server import open_server

NAMED = {
    r"First line\nsecond line": r"literal \n",
    r"She said \"hello\" twice": r"literal \"",
    r"One\tTwo": r"literal \t:",
    r"Caf\u00e9 and\nbar": r"literal \u00e9 and \n:",
    r"Caf\xe9": r"literal \xe9:",
    "Fish &amp; chips &#39;today&#39;": "HTML entities (&amp;)",
    "Hello <b>world</b>": "tags (<b>)",
    'Wait <break time="1s"/> now': "tags (<break",
    "This is **bold** news": "Markdown (**)",
    "# Title\nText": "Markdown (#)",
    "- one\n- two": "Markdown (-)",
    "See [our page](https://example.com/a)": "Markdown ([our",
    "Run `make` now": "Markdown (`)",
    "An *important* point": "Markdown (*)",
    "Welcome 🎉 to the shop": "emoji (🎉)",
    "Nice ❤️": "emoji",
    "Hello {name}, welcome": "placeholders ({name})",
    "Hello {{ first_name }}!": "placeholders ({{",
    "Dear ${NAME}": "placeholders (${NAME})",
    "Dear %NAME%, hello": "placeholders (%NAME%)",
    "Welcome to [Your Company]": "placeholders ([Your",
    "Hello [pause] there": "stage directions ([pause])",
    "(smiling) Hello there": "stage directions ((smiling))",
    "~~Old~~ new price": "Markdown (~~)",
    "An _important_ point": "Markdown (_)",
    "\u2022 one\n\u2022 two": "Markdown (\u2022)",
    "Hi :wave: all": "emoji in words (:wave:)",
    "Hello%20there": "percent-encoding (%20)",
    "Caf\u00c3\u00a9 au lait": "broken letters (\u00c3\u00a9)",
    "It\u00e2\u20ac\u2122s fine": "broken letters (\u00e2\u20ac\u2122)",
    "[b]Bold[/b] words": "BBCode ([b])",
    "00:00:01,000 --> 00:00:02,000\nHello": "time stamps (00:00:01",
    "[00:12] Hello": "time stamps ([00:12])",
    "Dear $NAME, hello": "placeholders ($NAME)",
    "Dear %s, hello": "placeholders (%s)",
}
PLAIN = (
    "Good morning, and welcome to our shop!",
    "Up 20% this year, 50% more than [3] says.",
    "It costs 5 < 7 and 3 * 4 = 12, at 20 % & more.",
    "AT&T and R&D; that is all.",
    "Mail me at a_b_c@example.com (soon).",
    "C:\\Users\\nina\\report",
    "Temperatures from -5 to 3 degrees - roughly.",
    "Das kostet 3,50 € – für Sie & mich.",
    "日本語のテキストです。「はい」",
    "© 2026 Example™",
    "He said: 'no' -- twice.",
    "At 10:30 we meet; the score is 2:1.",
    "Ratio 16:9:4, see A:b:c.",
    "S\u00e3o Paulo, na\u00efve \u00c3 la carte, for 20 \u20ac",
    "The file my_video_final is here, for $5 or 5 USD.",
)


@pytest.mark.parametrize(("script", "named"), NAMED.items())
def test_what_is_not_meant_to_be_spoken_is_named(script: str, named: str) -> None:
    warning = script_warning(script)
    assert warning is not None
    assert named in warning
    assert "\n" not in warning


@pytest.mark.parametrize("script", PLAIN)
def test_a_plain_script_is_not_doubted(script: str) -> None:
    assert script_warning(script) is None


async def test_a_script_that_would_be_silent_is_refused_before_it_is_paid(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        for script in ("...", "\u200b", "—", "„“"):
            quoted = {"script": script, "voice": "Aria", "avatar": "Ada"}
            told = await server.refuse("quote_job", tool="start_avatar_video", arguments=quoted)
            assert "The script has no words. Write what should be said" in told
            assert "no words" in await server.refuse("generate_speech", script=script, voice="Aria")
        assert server.sandbox.control.inspect()["credits"] == 10_000


async def test_a_quote_and_a_start_say_what_is_spoken_though_it_is_not_meant(tmp_path: Path) -> None:
    script = r"Hello **all** &amp; welcome 🎉🎉🎉\nto the <i>shop</i>"
    async with open_server(tmp_path) as server:
        quoted = await server.ask("quote_job", tool="generate_speech", arguments={"script": script, "voice": "Aria"})
        started = await server.ask("generate_speech", script=script, voice="Aria")
    for answer in (quoted, started):
        for name in (r"literal \n", "HTML entities (&amp;)", "Markdown (**)", "tags (<i>)", "emoji (🎉)"):
            assert name in answer.text
            assert name in answer.data["warning"]
        assert "s. Remove them" in answer.data["warning"]
