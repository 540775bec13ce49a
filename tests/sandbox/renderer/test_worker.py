import ctypes.util
import os
import subprocess
import sys
from pathlib import Path

import msgspec

from a2e_mcp.sandbox.orders.avatar_cover import AvatarCoverOrder
from a2e_mcp.sandbox.orders.avatar_video import AvatarVideoOrder
from a2e_mcp.sandbox.orders.probe import ProbeOrder
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.protocol import DrawnAvatar, Failed, Outcome, Progress, decode_reply, encode_request
from tests.support.installing import says_to_install
from tests.support.paths import CHECKOUT
from tests.support.render_worker import RenderProcess, render_process, write_tone

WOMAN = DrawnAvatar(seed=1, gender="female")


def test_a_worker_continues_after_lines_it_cannot_read(worker: RenderProcess, portrait: str) -> None:
    for line in (b"nonsense\n", b'{"id": "x", "order": {"kind": "conquer"}}\n', b'{"order": 4}\n'):
        worker.send(line)
        answer = worker.answer()
        assert isinstance(answer, Failed)
        assert answer.code == "invalid_order"

    assert worker.render(ProbeOrder(path=portrait)).media_kind == "image"


def test_an_unexpected_error_fails_one_job_as_internal(worker: RenderProcess, portrait: str, tmp_path: Path) -> None:
    into_nowhere = AvatarCoverOrder(avatar=WOMAN, output=str(tmp_path / "missing" / "folder" / "o.png"))

    failure = worker.refused(into_nowhere)

    assert failure.code == "internal"
    assert str(tmp_path) not in failure.message
    assert worker.render(ProbeOrder(path=portrait)).media_kind == "image"


def test_nothing_is_left_beside_the_finished_file(worker: RenderProcess, tmp_path: Path) -> None:
    worker.render(AvatarCoverOrder(avatar=WOMAN, output=str(tmp_path / "o.png"), width=64, height=64))

    assert [path.name for path in tmp_path.iterdir()] == ["o.png"]


def test_progress_rises_to_the_end(worker: RenderProcess, tmp_path: Path) -> None:
    audio = write_tone(tmp_path / "a.wav", [(1, True)])
    order = AvatarVideoOrder(audio=audio, avatar=WOMAN, output=str(tmp_path / "o.mp4"), width=160, height=120)

    worker.render(order)

    assert worker.progress == sorted(worker.progress)
    assert all(0 <= progress <= 1 for progress in worker.progress)


def test_the_end_of_stdin_ends_the_worker_in_the_middle_of_a_render(tmp_path: Path) -> None:
    audio = write_tone(tmp_path / "a.wav", [(30, True)])
    output = tmp_path / "long.mp4"
    with render_process() as worker:
        order = AvatarVideoOrder(audio=audio, avatar=WOMAN, output=str(output), width=640, height=360)
        worker.send(encode_request("long", order))
        assert isinstance(decode_reply(worker.stdout.readline()), Progress)

        worker.stdin.close()

        assert worker.process.wait(timeout=5) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_without_the_extra_a_job_says_what_to_install(portrait: str, tmp_path: Path) -> None:
    # -S leaves the installed packages away; the standard library, msgspec and ours are all there is.
    (tmp_path / "msgspec").symlink_to(Path(msgspec.__file__).parent)
    path = os.pathsep.join((str(tmp_path), str(CHECKOUT)))
    with render_process("-S", environment={**os.environ, "PYTHONPATH": path}) as worker:
        failure = worker.refused(ProbeOrder(path=portrait))

    assert failure.code == "extra_missing"
    assert says_to_install("a2e-mcp[sandbox]", failure.message)


def test_where_espeak_cannot_be_loaded_a_job_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    library = tmp_path / "libespeak-ng.so"
    library.write_bytes(b"made for another system")
    (tmp_path / "espeakng_loader.py").write_text(
        f"def get_library_path(): return {str(library)!r}\ndef get_data_path(): return {str(tmp_path)!r}\n"
    )
    checkout = str(CHECKOUT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), checkout))}
    order = SpeechOrder(text="Hello", voice="en-us", output=str(tmp_path / "a.mp3"), track=str(tmp_path / "a.json"))
    with render_process(environment=environment) as worker:
        worker.send(encode_request("speech", order))
        answer = worker.answer()

    if ctypes.util.find_library("espeak-ng") is not None:
        # The system's own speaks instead.
        assert isinstance(answer, Outcome)
        return
    assert isinstance(answer, Failed)
    assert answer.code == "extra_missing"
    assert "eSpeak NG is installed but its library cannot be loaded (libespeak-ng.so: " in answer.message
    assert answer.message.endswith("(espeak-ng), or give finished audio instead of a script.")
    assert str(tmp_path) not in answer.message


def test_what_libraries_print_stays_out_of_the_protocol(tmp_path: Path) -> None:
    program = (
        "import os\n"
        "from a2e_mcp.processes.stdout import take_stdout\n"
        "protocol = take_stdout()\n"
        "os.write(1, b'native chatter')\n"
        "print('python chatter')\n"
        "protocol.write(b'protocol')\n"
        "protocol.flush()\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=20)

    assert done.stdout == "protocol"
    assert "native chatter" in done.stderr
    assert "python chatter" in done.stderr


def test_starting_imports_neither_the_service_nor_the_media_libraries() -> None:
    program = (
        "import sys, a2e_mcp.sandbox.render_workers.program\n"
        "print([name for name in ('mcp', 'pydantic', 'httpx2', 'numpy', 'cv2', 'av', 'PIL') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=20)

    assert done.stdout.strip() == "[]"


def test_two_orders_sent_at_once_are_answered_in_turn(worker: RenderProcess, portrait: str) -> None:
    worker.send(encode_request("a", ProbeOrder(path=portrait)) + encode_request("b", ProbeOrder(path=portrait)))

    assert isinstance(worker.answer(), Outcome)
    assert isinstance(worker.answer(), Outcome)
