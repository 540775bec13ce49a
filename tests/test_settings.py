"""Every setting: what it takes, what it refuses and how that is said, and that the token is never shown."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from a2e_mcp.errors import SettingsError
from a2e_mcp.setting_rows import setting_rows
from a2e_mcp.settings import Settings, read_settings

TAKEN: dict[str, tuple[str, str, Any]] = {
    "A2E_SANDBOX": ("sandbox", "yes", True),
    "A2E_BASE_URL": ("base_url", "https://a2e.example.com/", "https://a2e.example.com"),
    "A2E_CALL_SECONDS": ("call_seconds", " 50 ", 50.0),
    "A2E_MAX_WAIT": ("max_wait", "3600", 3600.0),
    "A2E_MAX_CREDITS": ("max_credits", "0", 0.0),
    "A2E_DAILY_CREDITS": ("daily_credits", "12.5", 12.5),
    "A2E_ALLOW_UNPRICED": ("allow_unpriced", "On", True),
    "A2E_ADULT_MODELS": ("adult_models", "yes", True),
    "A2E_FILES": ("files", f"/a{os.pathsep}/b{os.pathsep}", (Path("/a"), Path("/b"))),
    "A2E_OUTPUT_DIR": ("output", "/videos", Path("/videos")),
    "A2E_SAVE": ("save", "Auto", "auto"),
    "A2E_DATA_DIR": ("data", "/data", Path("/data")),
    "A2E_TRACE": ("trace", "/trace.jsonl", Path("/trace.jsonl")),
    "A2E_DATABASE": ("database", "postgresql://ann:pw@db/a2e", SecretStr("postgresql://ann:pw@db/a2e")),
    "A2E_ACCOUNT": ("account", "4F31B1F1EC301A4A", "4f31b1f1ec301a4a"),
    "A2E_TOOLSETS": ("toolsets", "video, Voices,", ("video", "voices")),
    "A2E_TOOLS": ("tools", "start-dubbing", ("start_dubbing",)),
    "A2E_EXCLUDE_TOOLS": ("exclude_tools", "delete_job", ("delete_job",)),
    "A2E_READ_ONLY": ("read_only", "1", True),
    "A2E_TOOL_PREFIX": ("tool_prefix", "a2e_", "a2e_"),
    "A2E_CONFIRM_ABOVE": ("confirm_above", "0", 0.0),
    "A2E_ELICITATION": ("elicitation", "Off", "off"),
    "A2E_RESOURCE_LINKS": ("links", "OFF", "off"),
    "A2E_KEYRING": ("keyring", "off", "off"),
    "A2E_LOG": ("log", "JSON", "json"),
    "A2E_STORE": ("store", "s3://videos/a2e/", "s3://videos/a2e"),
    "A2E_DRAIN_SECONDS": ("drain_seconds", "10", 10.0),
    "A2E_HEALTH": ("health", "[::1]:8001", ("::1", 8001)),
    "A2E_PUBLIC_URL": ("public_url", "https://a2e.example.com/", "https://a2e.example.com"),
    "A2E_KEYS_FILE": ("keys_file", "/etc/a2e/keys.toml", Path("/etc/a2e/keys.toml")),
    "A2E_OIDC_ISSUER": ("oidc_issuer", "https://login.example.com/", "https://login.example.com/"),
    "A2E_OIDC_AUDIENCE": ("oidc_audience", "api://a2e", "api://a2e"),
    "A2E_OWN_KEYS": ("own_keys", "Allow", "allow"),
    "A2E_SEAL_KEYS": (
        "seal_keys",
        f"{'a' * 32}, {'b+/=' * 11}",
        (SecretStr("a" * 32), SecretStr("b+/=" * 11)),
    ),
    "A2E_ADMIN_CONTACT": ("contact", "Ada, ada@example.com", "Ada, ada@example.com"),
    "A2E_USER_DAILY_CREDITS": ("user_daily_credits", "100", 100.0),
    "A2E_USER_JOBS": ("user_jobs", "5", 5.0),
    "A2E_USER_CALLS": ("user_calls", "60", 60.0),
    "A2E_ACCOUNT_REQUESTS": ("account_requests", "5", 5.0),
}
MUST_BE_SEEN = {
    *("A2E_SANDBOX", "A2E_READ_ONLY"),
    *("A2E_DATABASE", "A2E_ACCOUNT", "A2E_STORE", "A2E_PUBLIC_URL", "A2E_KEYS_FILE", "A2E_HTTP_SECRET"),
    *("A2E_OIDC_ISSUER", "A2E_OIDC_AUDIENCE", "A2E_OWN_KEYS", "A2E_SEAL_KEYS"),
    *("A2E_USER_DAILY_CREDITS", "A2E_USER_JOBS", "A2E_USER_CALLS"),
}
"""Whose absence costs money, lets others in, or parts the books of servers that should share them."""
BROKEN = {
    "A2E_API_TOKEN": ("sk two words", "sk_ünïcode", "sk_\u200bhidden"),
    "A2E_SANDBOX": ("perhaps", "2"),
    "A2E_ACCOUNT": ("company", "4f31b1f1ec301a4"),
    "A2E_BASE_URL": (
        "video.a2e.ai",
        "ftp://video.a2e.ai",
        "http://video.a2e.ai",
        "https://user:pass@video.a2e.ai",
        "https://video.a2e.ai?x=1",
        "https://[::1",
        "https://",
    ),
    "A2E_CALL_SECONDS": ("0", "soon", "nan", "inf", "-1", "1e9"),
    "A2E_MAX_WAIT": ("0", "nan", "86401"),
    "A2E_MAX_CREDITS": ("-1", "many", "nan", "inf"),
    "A2E_DAILY_CREDITS": ("-1", "nan"),
    "A2E_ALLOW_UNPRICED": ("maybe",),
    "A2E_ADULT_MODELS": ("perhaps",),
    "A2E_FILES": ("relative/folder", f"/a{os.pathsep}b"),
    "A2E_OUTPUT_DIR": ("videos", "~nobody_of_this_name/x"),
    "A2E_SAVE": ("sometimes",),
    "A2E_DATA_DIR": ("./data",),
    "A2E_TRACE": ("trace.jsonl",),
    "A2E_DATABASE": ("mysql://db/a2e", "db", "postgresql://db/a 2e"),
    "A2E_TOOLSETS": ("video voices",),
    "A2E_TOOLS": ("start dubbing",),
    "A2E_EXCLUDE_TOOLS": ("löschen",),
    "A2E_READ_ONLY": ("perhaps",),
    "A2E_TOOL_PREFIX": ("A2E_", "eleven_long", "a-"),
    "A2E_CONFIRM_ABOVE": ("-1", "much", "nan"),
    "A2E_ELICITATION": ("sometimes",),
    "A2E_RESOURCE_LINKS": ("always",),
    "A2E_KEYRING": ("always",),
    "A2E_LOG": ("yaml",),
    "A2E_STORE": ("videos", "https://videos.example.com", "s3://", "ftp://videos/a2e", "s3://key@bucket"),
    "A2E_DRAIN_SECONDS": ("-1", "601", "soon"),
    "A2E_HEALTH": ("8001x", "worker:8001", "0.0.0.0:65536"),
    "A2E_PUBLIC_URL": ("a2e.example.com", "http://a2e.example.com", "https://a2e.example.com/tools"),
    "A2E_KEYS_FILE": ("keys.toml",),
    "A2E_OIDC_ISSUER": ("login.example.com", "http://login.example.com", "https://login.example.com?x=1"),
    "A2E_OIDC_AUDIENCE": ("a" * 201, "two\nlines"),
    "A2E_HTTP_SECRET": ("short", "two words that are long", "überlanges-geheimnis"),
    "A2E_OWN_KEYS": ("yes", "1", "require"),
    "A2E_SEAL_KEYS": ("short", f"{'a' * 32},short", "ü" * 32),
    "A2E_ADMIN_CONTACT": ("a" * 201, "two\nlines"),
    "A2E_USER_DAILY_CREDITS": ("-1", "nan"),
    "A2E_USER_JOBS": ("0", "many"),
    "A2E_USER_CALLS": ("0", "many"),
    "A2E_ACCOUNT_REQUESTS": ("0", "1001"),
}


def plain(settings: Settings, field: str) -> Any:
    return getattr(settings, field)


@pytest.mark.parametrize("variable", sorted(TAKEN))
def test_a_variable_is_read(variable: str) -> None:
    field, text, expected = TAKEN[variable]
    assert plain(read_settings({variable: text}), field) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HTTPS://A2E.Example.com./", "https://a2e.example.com"),
        ("https://a2e.example.com:443", "https://a2e.example.com"),
        ("https://a2e.example.com:8443/", "https://a2e.example.com:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
        ("http://localhost:80", "http://localhost"),
    ],
)
def test_a_public_url_is_read_as_clients_send_it(text: str, expected: str) -> None:
    assert read_settings({"A2E_PUBLIC_URL": text}).public_url == expected


def test_folders_may_have_commas_between_them_and_in_their_names(tmp_path: Path) -> None:
    both = tmp_path / "bread, and cake"
    both.mkdir()
    assert read_settings({"A2E_FILES": f"/a, /b{os.pathsep}{both}"}).files == (Path("/a"), Path("/b"), both)


@pytest.mark.parametrize("variable", [row.variable for row in setting_rows()])
@pytest.mark.parametrize("text", ["", "  ", "${A2E_SOMETHING}", "${user_config.api_token}"])
def test_what_a_host_left_blank_counts_as_missing(variable: str, text: str) -> None:
    if variable in MUST_BE_SEEN and text.strip():
        with pytest.raises(SettingsError, match=f"{variable} is invalid: its placeholder was not filled in"):
            read_settings({variable: text})
        return
    assert read_settings({variable: text}) == read_settings({})


@pytest.mark.parametrize(
    "text",
    [
        *("${A2E_API_TOKEN}", "${env:A2E_TOKEN}", "{{A2E_TOKEN}}", "{A2E_TOKEN}", "$A2E_API_TOKEN", "%A2E_API_TOKEN%"),
        *(
            "<your-token>",
            "[your token]",
            "sk_...",
            "sk_…",
            "sk_xxxxxxxx",
            "sk_your_token_here",
            "sk_****",
            "YOUR_TOKEN",
        ),
        *(
            "your-api-key",
            "paste your token here",
            "changeme",
            "TO" + "DO",
            "Bearer ${A2E_TOKEN}",
            '"<token>"',
            "null",
            "sk_",
        ),
        *("op://vault/a2e/token", "A2E_API_TOKEN=<token>", "__A2E_TOKEN__", "sk_12345...", "$(pass a2e)", "undefined"),
        *("process.env.A2E_API_TOKEN", "os.environ['A2E_API_TOKEN']", "vault:secret/a2e#token", "sk_REDACTED", "N/A"),
        *("(your token)", "sk_<token>", "!secret a2e_token", "Bearer", "sk_abc123", "sk_live_xxx", "secrets.A2E_TOKEN"),
        *("get it from https://video.a2e.ai", "1password://x/y", "aws:secretsmanager:a2e", "ENC[a1b2]", "false"),
        *("YOUR_TOKEN", "sk_"),
    ],
)
def test_a_token_that_is_a_placeholder_is_missing_and_the_answer_says_so(text: str) -> None:
    settings = read_settings({"A2E_API_TOKEN": text})
    assert settings.mode == "unset"
    assert "did not fill in" in settings.unconfigured
    assert "Nothing was charged" in settings.unconfigured
    assert "did not fill in" not in read_settings({}).unconfigured


@pytest.mark.parametrize(
    "text",
    [
        '"sk_x"',
        "'sk_x'",
        "Bearer sk_x",
        "bearer sk_x",
        '"Bearer sk_x"',
        "Authorization: Bearer sk_x",
        " sk_x ",
        "“sk_x”",
        "A2E_API_TOKEN=sk_x",
        'export A2E_API_TOKEN="sk_x"',
    ],
)
def test_quotes_and_words_around_a_token_are_removed(text: str) -> None:
    token = read_settings({"A2E_API_TOKEN": text}).token
    assert token is not None
    assert token.get_secret_value() == "sk_x"


@pytest.mark.parametrize(
    "text", ["sk_test", "sk_secret_7f", "sk_anything-At_all", "eyJh.eyJz.c2ln", "sk_01234abc", "sk_live_9f8e7d6c"]
)
def test_a_real_token_is_no_placeholder(text: str) -> None:
    assert read_settings({"A2E_API_TOKEN": text}).mode == "live"


def test_a_folder_that_keeps_results_is_no_placeholder() -> None:
    assert read_settings({"A2E_STORE": "file:///srv/a2e"}).store == "file:///srv/a2e"
    assert read_settings({"A2E_API_TOKEN": "file:///run/secrets/a2e"}).mode == "unset"


def test_quotes_around_any_value_are_removed() -> None:
    assert read_settings({"A2E_SANDBOX": '"1"'}).mode == "sandbox"
    assert read_settings({"A2E_OUTPUT_DIR": "'/videos'"}).output == Path("/videos")


@pytest.mark.parametrize(("variable", "text"), [(name, text) for name, texts in BROKEN.items() for text in texts])
def test_what_cannot_be_used_is_named_in_one_sentence(variable: str, text: str) -> None:
    with pytest.raises(SettingsError) as problem:
        read_settings({variable: text})
    told = str(problem.value)
    assert told.startswith(f"{variable} is invalid: ")
    assert told.isprintable()
    assert len(told) < 200
    if variable in ("A2E_API_TOKEN", "A2E_HTTP_SECRET"):
        assert text not in told


def test_every_variable_is_tested_here_and_explained_in_the_docs() -> None:
    rows = {row.variable: row for row in setting_rows()}
    assert set(rows) == {*TAKEN, "A2E_API_TOKEN", "A2E_HTTP_SECRET"} == set(BROKEN)
    assert len(rows) == len([field for field in dataclasses.fields(Settings) if field.metadata])
    assert all(row.about and row.default for row in rows.values())


def test_the_token_is_taken_and_never_shown() -> None:
    settings = read_settings({"A2E_API_TOKEN": " sk_secret_7f \n"})
    assert settings.token is not None
    assert settings.token.get_secret_value() == "sk_secret_7f"
    assert settings.mode == "live"
    for shown in (repr(settings), str(settings), str(dataclasses.asdict(settings)), f"{settings.token}"):
        assert "7f" not in shown


def test_the_secret_of_one_person_is_taken_never_shown_and_is_not_for_several_users() -> None:
    settings = read_settings({"A2E_HTTP_SECRET": "a-long-secret-of-one-person"})
    assert settings.http_secret is not None
    assert settings.http_secret.get_secret_value() == "a-long-secret-of-one-person"
    assert "long-secret" not in repr(settings)
    with pytest.raises(SettingsError, match="A2E_HTTP_SECRET is for one person") as problem:
        read_settings({"A2E_HTTP_SECRET": "a-long-secret-of-one-person", "A2E_KEYS_FILE": "/keys.toml"})
    assert "long-secret" not in str(problem.value)


def test_a_token_and_the_sandbox_together_are_refused() -> None:
    with pytest.raises(SettingsError, match="Both A2E_API_TOKEN and the sandbox are set"):
        read_settings({"A2E_API_TOKEN": "sk_secret_7f", "A2E_SANDBOX": "1"})
    with pytest.raises(SettingsError, match="Remove A2E_API_TOKEN"):
        read_settings({"A2E_API_TOKEN": "sk_secret_7f"}, sandbox=True)
    assert read_settings({"A2E_API_TOKEN": "${A2E_API_TOKEN}", "A2E_SANDBOX": "1"}).mode == "sandbox"


def test_a_flag_wins_over_its_variable() -> None:
    assert read_settings({"A2E_SANDBOX": "0"}, sandbox=True).mode == "sandbox"
    assert read_settings({"A2E_SANDBOX": "1"}, sandbox=None).mode == "sandbox"
    assert read_settings({}, sandbox=False).mode == "unset"


def test_settings_cannot_be_changed() -> None:
    settings = read_settings({})
    for field in dataclasses.fields(settings):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(settings, field.name, None)


def test_a_home_folder_may_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_settings({"A2E_OUTPUT_DIR": "~/films"}).output == tmp_path / "films"
