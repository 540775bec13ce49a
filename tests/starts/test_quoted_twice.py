"""A quote knows of an identical start; long scripts stop between their pieces."""

from __future__ import annotations

from pathlib import Path

import httpx2

from tests.support.faulty_transport import (
    SPEECH,
    Forward,
    open_controlled_server,
)


async def test_a_quote_says_when_the_same_was_started_already(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        for tool, arguments in (
            ("start_image_to_video", await server.clip_arguments()),
            ("generate_speech", {"script": "Good morning.", "voice": "Aria (en-US)"}),
        ):
            before = await server.ask("quote_job", tool=tool, arguments=arguments)
            assert "charges nothing" not in before.text
            job_id = (await server.ask(tool, **arguments)).data["job_id"]
            after = await server.ask("quote_job", tool=tool, arguments=arguments)
            assert f"as {job_id}: starting it returns that job and charges nothing" in after.text
            assert "charges nothing" in after.data["notice"]
        (clip_id,) = [job_id for job_id in await server.listed() if job_id.startswith("image_to_video:")]
        await server.ask("delete_job", job_id=clip_id)
        clip = await server.ask("quote_job", tool="start_image_to_video", arguments=await server.clip_arguments())
        assert "charges nothing" not in clip.text


async def test_a_long_script_stops_between_its_pieces_before_a_limit_is_exceeded(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:

        async def dearer(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            answer = await forward(request)
            server.sandbox.control.seed(credits=server.credits - 40)
            return answer

        script = "All of this is said slowly and clearly, so that everybody can follow it. " * 40
        speech = {"script": script, "voice": "Aria (en-US)"}
        price = (await server.ask("quote_job", tool="generate_speech", arguments=speech)).data["credits"]
        server.transport.on(SPEECH, dearer)
        sentence = await server.refuse("generate_speech", **speech, max_credits=price + 10)
        assert "over the ceiling" in sentence
        assert server.transport.attempts[SPEECH] == 1
        # What was spoken is kept.
        await server.ask("generate_speech", **speech, max_credits=price + 10)
        assert server.transport.attempts[SPEECH] == 2
