"""A family of which A2E answers only the older spelling: every call of it falls back, not its start alone."""

from __future__ import annotations

from pathlib import Path

from tests.support.faulty_transport import only_answered, open_controlled_server

ROOT = "/api/v1/userText2Image"
RETIRED = only_answered(404, {"code": 404, "msg": "Not Found"})


async def test_a_picture_is_started_checked_listed_and_deleted_by_the_older_spelling(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        for call in (f"POST {ROOT}/start", f"GET {ROOT}/allRecords", f"POST {ROOT}/batchDetail"):
            server.transport.on(call, RETIRED, times=99)
        started = await server.ask("start_text_to_image", prompt="A red kite")
        job_id = started.data["job_id"]
        record = job_id.partition(":")[2]
        for method in ("GET", "DELETE"):
            server.transport.on(f"{method} {ROOT}/{record}", RETIRED, times=99)
        assert (await server.ask("check_status", job_id=job_id)).data["state"] == "queued"
        assert (await server.ask("wait_for_job", job_ids=[job_id], seconds=0)).data["state"] == "queued"
        listed = await server.ask("list_jobs")
        assert "unanswered" not in listed.data
        assert listed.data["jobs"][0]["job_id"] == job_id
        assert (await server.ask("delete_job", job_id=job_id)).data["deleted"]
