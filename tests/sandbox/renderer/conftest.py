from collections.abc import Iterator
from pathlib import Path

import pytest

from a2e_mcp.sandbox.orders.avatar_video import AvatarVideoOrder
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.protocol import DrawnAvatar
from tests.support.render_worker import RenderProcess, render_process


@pytest.fixture(scope="session")
def worker() -> Iterator[RenderProcess]:
    with render_process() as process:
        yield process


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what several tests look at."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture(scope="session")
def portrait(worker: RenderProcess, made: Path) -> str:
    return worker.cover(made / "portrait.png", seed=1)


@pytest.fixture(scope="session")
def speech(worker: RenderProcess, made: Path) -> SpeechOrder:
    """A short speech with a pause in the middle; its files are there."""
    order = SpeechOrder(
        text="Ah, la la la. Mama, papa.", voice="en-us+f3", output=str(made / "s.mp3"), track=str(made / "s.json")
    )
    worker.render(order)
    return order


@pytest.fixture(scope="session")
def spoken_clip(worker: RenderProcess, made: Path, speech: SpeechOrder) -> str:
    """A drawn woman who speaks it, 320 by 240, four frames a second: enough to be looked at, and quick to work on."""
    order = AvatarVideoOrder(
        audio=speech.output,
        track=speech.track,
        avatar=DrawnAvatar(seed=1, gender="female"),
        output=str(made / "spoken.mp4"),
        width=320,
        height=240,
        fps=4,
    )
    worker.render(order)
    return order.output
