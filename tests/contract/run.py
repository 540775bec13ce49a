"""Runs schemathesis with an OpenAPI file of A2E against a sandbox on a port: `make contract OPENAPI=openapi.yaml`.

Whatever follows the file goes to schemathesis, such as `--seed 1 --max-examples 100`. Its checks are those of the
contract: no server error, no status, content type or answer that the file does not know, and no answer that takes long.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
SLOWEST_ANSWER = 10
SENTENCE = "This is a sentence that is long enough to be cloned, dubbed and shown, when it is said several times. "
_TOKEN = "sk_contract"


def main() -> int:
    """Prepare a sandbox, run schemathesis, and tell what the sandbox was like at the end."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("openapi", type=Path, help="an OpenAPI file of A2E")
    parser.add_argument("--schemathesis", default="schemathesis", help="the command")
    parser.add_argument("--credits", type=int, default=50_000, help="when they are gone, starts are refused")
    wanted, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="a2e-contract-") as folder, _sandbox(Path(folder)) as (process, address):
        pool = Path(folder) / "pool.json"
        with httpx2.Client(base_url=address, timeout=60, trust_env=False) as http:
            http.headers["authorization"] = f"Bearer {_TOKEN}"
            pool.write_text(json.dumps(_furnished(http)), encoding="utf-8")
            http.post("/_sandbox/seed", json={"credits": wanted.credits}).raise_for_status()
            code = subprocess.run(
                [
                    *(wanted.schemathesis, "run", str(wanted.openapi), "--url", address),
                    *("--header", f"Authorization: Bearer {_TOKEN}", "--checks", CHECKS, "--continue-on-failure"),
                    *("--max-response-time", str(SLOWEST_ANSWER), *more),
                ],
                env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.contract.hooks", "A2E_CONTRACT_POOL": str(pool)},
                check=False,
            ).returncode
            _tell(http.get("/_sandbox/inspect").json(), process.pid, Path(folder))
    return code


@contextmanager
def _sandbox(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [
        sys.executable,
        "-m",
        "a2e_mcp",
        "sandbox",
        "--port",
        "0",
        "--draft",
        "--folder",
        str(folder / "sandbox"),
    ]
    log = folder / "sandbox.log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(command, stderr=errors, text=True)
        try:
            yield process, _address(log)
        finally:
            process.terminate()
            process.wait(20)


def _address(log: Path) -> str:
    for _ in range(200):
        if found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text(encoding="utf-8")):
            return found[0]
        time.sleep(0.1)
    raise SystemExit(f"The sandbox did not start:\n{log.read_text(encoding='utf-8')}")


def _furnished(http: httpx2.Client) -> dict[str, list[str]]:
    """What requests may name: pictures, sounds, an avatar video, voices, avatars, and records that failed."""
    avatars = _data(http, "GET", "/anchor/character_list")
    backgrounds = _data(http, "POST", "/custom_back/allBackground")
    voices = [each["value"] for each in _data(http, "POST", "/anchor/tts_list")]
    sounds = [_data(http, "POST", "/video/send_tts", {"msg": SENTENCE * 2, "tts_id": voice}) for voice in voices[:2]]
    started = {"anchor_id": avatars[0]["_id"], "anchor_type": 0, "audioSrc": sounds[0]}
    video = _data(http, "POST", "/video/generate", started)["_id"]
    while not (found := _data(http, "POST", "/video/awsResult", {"_id": video})[0])["result"]:
        time.sleep(0.2)
    # A copy: the video itself is sure to be deleted by somebody.
    face, film = (
        avatars[0]["video_cover"],
        _data(http, "POST", "/tos/transferToStorage", {"url": found["result"]})["url"],
    )
    failed = [
        {"family": "caption_removal", "body": {"name": "film", "source_url": film}, "failure": "no text"},
        {"family": "avatar_training", "body": {"name": "face", "image_url": face}, "failure": "no face"},
    ]
    http.post("/_sandbox/seed", json={"avatars": [{"name": "Ana"}], "records": failed * 5}).raise_for_status()
    return {
        "pictures": [face, avatars[1]["video_cover"], backgrounds[0]["img_url"]],
        "videos": [film],
        "sounds": sounds,
        "voices": voices[:4],
        "avatars": [each["_id"] for each in avatars[:3]],
        "backgrounds": [each["_id"] for each in backgrounds],
        "colours": ["rgb(61,165,82)"],
        "prompts": ["portrait of a woman", "[sandbox:fail] a boat", "[sandbox:slow] a hill"],
        "endpoints": ["/api/v1/userImage2Video/start", "/api/v1/video/send_tts", "/api/v1/video/generate"],
    }


def _data(http: httpx2.Client, method: str, path: str, body: object = None) -> Any:
    answer = http.request(method, f"/api/v1{path}", json=body).json()
    if answer["code"] != 0:
        raise SystemExit(f"The sandbox could not be furnished: {path}: {answer['msg']}")
    return answer["data"]


def _tell(state: dict[str, Any], process: int, folder: Path) -> None:
    phases = [job["phase"] for job in state["jobs"]]
    counts = {phase: phases.count(phase) for phase in sorted(set(phases))}
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"requests {sum(state['requests'].values())}, jobs {counts}, credits left {state['credits']}")
    print(f"disk {size / 1e6:.0f} MB", end="")
    status = Path(f"/proc/{process}/status")
    if status.exists():
        (peak,) = re.findall(r"VmHWM:\s+(\d+)", status.read_text(encoding="utf-8"))
        open_files = len(list(Path(f"/proc/{process}/fd").iterdir()))
        print(f", peak memory {int(peak) / 1024:.0f} MiB, open files {open_files}", end="")
    print()


if __name__ == "__main__":
    sys.exit(main())
