"""The packages whose version matters, and which of them this installation lacks."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

REQUIRED: Mapping[str, tuple[str, str]] = {
    "mcp": ("2.3", "3"),
    "httpx2": ("2.10", "3"),
    "pydantic": ("2.12", "3"),
    "anyio": ("4.16", "5"),
}
"""Minimum version, and upper bound (exclusive)."""


def installed_version(package: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


@dataclass(frozen=True, slots=True)
class Unmet:
    """A package that is not as it must be; `version` is None when it is not installed."""

    package: str
    version: str | None
    requirement: str

    @property
    def problem(self) -> str:
        """A clause that says what is wrong."""
        return f"{self.package} {self.version} is not supported" if self.version else f"{self.package} is not installed"


def unmet() -> Iterator[Unmet]:
    """The packages that are missing, too old or too new."""
    for package, (least, below) in REQUIRED.items():
        version = installed_version(package)
        if version is None or not _numbers(least) <= _numbers(version) < _numbers(below):
            yield Unmet(package, version, f"{package}>={least},<{below}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3])
