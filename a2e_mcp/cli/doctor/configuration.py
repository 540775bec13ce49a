"""The settings: all A2E_* variables, known or not, and the resulting mode."""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from collections.abc import Mapping

from a2e_mcp.cli.doctor.findings import Findings, Surroundings
from a2e_mcp.errors import SettingsError
from a2e_mcp.placeholders import is_unfilled, text_of
from a2e_mcp.server import visibility
from a2e_mcp.setting_rows import secret_variables, variables
from a2e_mcp.settings import Settings, read_settings

_ACCESS = "A2E_API_TOKEN"
_ACCESS_SHAPE = re.compile(r"sk_[A-Za-z0-9_-]+")


def check_settings(findings: Findings, here: Surroundings, *, sandbox: bool) -> tuple[Settings, bool]:
    """Check all A2E_* variables; `sandbox` is the flag of the same name.

    Returns the settings made of the valid ones, and whether a server would start with all of them.
    When both a token and the sandbox are set, the free sandbox is used.
    """
    given = {name: text.strip() for name, text in sorted(here.environment.items()) if name.upper().startswith("A2E_")}
    known = set(variables())
    usable = {name: text for name, text in given.items() if name in known and _is_usable(findings, name, text)}
    for name in given:
        if name not in known:
            _unknown(findings, name, known)
    try:
        settings = read_settings(usable, sandbox=sandbox or None)
    except SettingsError as problem:
        findings.fix("settings.refused", problem.message, problem.hint)
        usable = {**_substitutes(), **usable}
        if problem_of(usable, sandbox=sandbox) is not None:
            usable.pop(_ACCESS, None)
        return read_settings(usable, sandbox=sandbox or None), False
    return settings, True


def _substitutes() -> dict[str, str]:
    """Folders to check with where a user without a home folder has no default ones."""
    if problem_of({}, sandbox=False) is None:
        return {}
    folder = os.path.join(tempfile.gettempdir(), "a2e-mcp")
    return {"A2E_DATA_DIR": folder, "A2E_OUTPUT_DIR": folder}


def problem_of(environment: Mapping[str, str], *, sandbox: bool) -> SettingsError | None:
    """The problem with which a server would refuse these settings, if any."""
    try:
        visibility.visible(read_settings(environment, sandbox=sandbox or None))
    except SettingsError as problem:
        return problem
    return None


def _is_usable(findings: Findings, name: str, text: str) -> bool:
    if not text:
        return False
    if is_unfilled(name, text) and problem_of({**_substitutes(), name: text}, sandbox=False) is None:
        findings.note(
            "settings.placeholder", f"{name} contains a placeholder that was not filled in; it counts as missing"
        )
        return False
    if (problem := problem_of({**_substitutes(), name: text}, sandbox=False)) is not None:
        findings.fix("settings.invalid", problem.message, f"Correct {name}, or remove it")
        return False
    if name != _ACCESS:
        findings.ok("settings.set", f"{name} is {'set' if name in secret_variables() else text}")
    elif _ACCESS_SHAPE.fullmatch(text := text_of(name, {name: text})):
        findings.ok("settings.token", f"{name} is set (sk_..., {len(text)} characters)")
    else:
        findings.note(
            "settings.token_odd",
            f"{name} is set ({len(text)} characters) but does not look like sk_ with letters, digits, _ and -",
            "If calls fail, copy it again from video.a2e.ai > Account > API Token",
        )
    return True


def _unknown(findings: Findings, name: str, known: set[str]) -> None:
    near = difflib.get_close_matches(name.upper(), sorted(known), n=1, cutoff=0.6)
    if near:
        findings.fix("settings.misspelt", f"Unknown setting {name}", f"Did you mean {near[0]}?")
    else:
        findings.note("settings.unknown", f"Unknown setting {name}; it is ignored")


def say_mode(findings: Findings, settings: Settings) -> None:
    """Report in which mode a server with these settings would be."""
    match settings.mode:
        case "live" if settings.is_without_account:
            findings.ok("settings.mode", "Live mode: users over HTTP pay with A2E keys of their own")
        case "live":
            findings.ok("settings.mode", "Live mode: starts cost credits")
        case "sandbox":
            findings.ok("settings.mode", "Sandbox mode: free, nothing leaves this computer")
        case "unset":
            findings.note(
                "settings.mode",
                "Neither a token nor the sandbox is set: tools are listed, and calls explain how to set one",
                "Set A2E_API_TOKEN (video.a2e.ai > Account > API Token), or use --sandbox",
            )
