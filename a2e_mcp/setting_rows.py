"""The settings as rows: for the docs, for hosts, and for who has to know their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from a2e_mcp.settings import Kind, Settings, declared_settings


@dataclass(frozen=True)
class SettingRow:
    """One setting, for docs and hosts; `value` is the default where it can be written as a value."""

    variable: str
    about: str
    default: str
    kind: Kind
    value: str | None


def variables() -> tuple[str, ...]:
    """The names of all A2E_* variables."""
    return tuple(meta["variable"] for _, meta in declared_settings())


def secret_variables() -> tuple[str, ...]:
    """The names of those whose values are not shown."""
    return tuple(meta["variable"] for _, meta in declared_settings() if meta["kind"] == "secret")


def setting_rows() -> tuple[SettingRow, ...]:
    """Every A2E_* variable, in order."""
    made = Settings()
    return tuple(
        SettingRow(meta["variable"], meta["about"], meta["shown"], meta["kind"], _value(meta, getattr(made, name)))
        for name, meta in declared_settings()
    )


def _value(meta: Mapping[str, Any], default: object) -> str | None:
    try:
        return meta["shown"] if meta["parse"](meta["shown"]) == default else None
    except ValueError:
        return None
