"""Settings of the network that cannot be right are told in one sentence, by the server and by the doctor."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from a2e_mcp.errors import SettingsError
from a2e_mcp.network import Internet, trusted_certificates
from a2e_mcp.settings import read_settings
from tests.support.processes import run, start_program

LIVE = {"A2E_API_TOKEN": "sk_0123456789"}


@pytest.mark.parametrize(
    "url",
    [
        "https://x:99999",
        "https://x:abc",
        "https://x:0",
        "https://[::1",
        "https://[:::]",
        "https://exa mple.com",
        "https://..com",
        "https://",
        "https://a..b",
        "video.a2e.ai",
    ],
)
def test_a_base_url_that_leads_nowhere_is_refused_before_the_server_starts(url: str) -> None:
    with pytest.raises(SettingsError) as problem:
        read_settings({**LIVE, "A2E_BASE_URL": url})
    assert str(problem.value) == "A2E_BASE_URL is invalid: use a URL like https://video.a2e.ai."


@pytest.mark.parametrize("url", ["https://x:8443", "https://[2001:db8::1]:8443/a2e", "http://127.0.0.1:8000"])
def test_a_base_url_with_a_port_or_an_address_is_taken(url: str) -> None:
    assert read_settings({**LIVE, "A2E_BASE_URL": url}).base_url == url


@pytest.mark.parametrize(
    "proxy", ["not a url", "http://", "http://x:99999", "://x", "http://u:p@", "[::1", "http:p:80"]
)
def test_a_proxy_that_is_no_url_is_called_one(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(SettingsError) as problem:
        Internet().ready_for("https://video.a2e.ai")
    assert str(problem.value) == (
        "HTTPS_PROXY is not a valid URL. Use a URL like http://proxy.example.com:8080, or remove it."
    )


def test_certificates_that_are_no_file_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    for variable, path, said in (
        ("SSL_CERT_FILE", tmp_path, f"SSL_CERT_FILE is {tmp_path}, which is a folder. Give a file of CA certificates"),
        ("SSL_CERT_FILE", "/nowhere", "SSL_CERT_FILE is /nowhere, which does not exist. Give a file"),
        ("SSL_CERT_DIR", file, f"SSL_CERT_DIR is {file}, which is no folder. Give a folder of CA certificates"),
    ):
        with monkeypatch.context() as patch:
            patch.delenv("SSL_CERT_FILE", raising=False)
            patch.setenv(variable, str(path))
            with pytest.raises(SettingsError) as problem:
                trusted_certificates()
            assert str(problem.value).startswith(said), problem.value


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("HTTPS_PROXY", "not a url", "HTTPS_PROXY is not a valid URL"),
        ("SSL_CERT_FILE", "/", "SSL_CERT_FILE is /, which is a folder"),
    ],
)
async def test_a_call_and_the_doctor_say_the_same(tmp_path: Path, variable: str, value: str, said: str) -> None:
    given = {**LIVE, variable: value}
    async with start_program(folder=tmp_path, **given) as server:
        await server.initialize()
        result = (await server.ask("tools/call", name="get_credits", arguments={}))["result"]
    assert said in result["content"][0]["text"]
    checked = run("doctor", folder=tmp_path, **given)
    assert said in " ".join(checked.stdout.split())
    assert "Traceback" not in checked.stdout + checked.stderr


def test_a_wrong_base_url_ends_the_server_with_a_sentence(tmp_path: Path) -> None:
    ended = run("serve", folder=tmp_path, **LIVE, A2E_BASE_URL="https://x:99999")
    assert isinstance(ended, subprocess.CompletedProcess)
    assert ended.returncode != 0
    assert ended.stderr.strip() == "a2e-mcp: A2E_BASE_URL is invalid: use a URL like https://video.a2e.ai."


@pytest.mark.parametrize("where", ["ledger", "folder", "above"])
@pytest.mark.parametrize("is_circle", [False, True])
async def test_a_link_that_leads_nowhere_is_named_instead_of_an_error_number(
    tmp_path: Path, where: str, *, is_circle: bool
) -> None:
    data = tmp_path / "up" / "data"
    link = {"ledger": data / "ledger.sqlite3", "folder": data, "above": data.parent}[where]
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(link if is_circle else tmp_path / "gone" / "there")
    async with start_program(folder=tmp_path, **LIVE, A2E_DATA_DIR=str(data)) as server:
        await server.initialize()
        result = (await server.ask("tools/call", name="get_credits", arguments={}))["result"]
    said = str(result["content"][0]["text"])
    assert f"{link} is a link" in said, said
    assert ("that leads in a circle" if is_circle else "there, which does not exist") in said
    assert "Errno" not in said


async def test_a_ledger_that_is_a_link_into_a_folder_is_made_there(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.sqlite3").symlink_to(tmp_path / "disk" / "mine.sqlite3")
    async with start_program("--sandbox", folder=tmp_path, A2E_DATA_DIR=str(tmp_path / "data")) as server:
        await server.initialize()
        assert (await server.call("list_jobs"))["total"] == 0
    assert (tmp_path / "disk" / "mine.sqlite3").is_file()
