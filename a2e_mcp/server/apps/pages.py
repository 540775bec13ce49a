"""The pages as `ui://` resources: their HTML, and what a host lets them load."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.types import Resource

from a2e_mcp.server.apps.extension import PAGE_TYPE

SCHEME = "ui://"
_NO_PREFIX = '{"prefix": ""}'


@dataclass(frozen=True, slots=True)
class Page:
    """One page; a tool with its `name` as `page` is shown with it."""

    name: str
    title: str
    about: str

    @property
    def uri(self) -> str:
        """Its address, which tools name."""
        return address(self.name)


PAGES = (
    Page("job", "Job card", "Follows a job, plays its result, saves it and says what it cost"),
    Page("casting", "Casting", "Choose avatar, voice, background and shape, and hear the voices"),
    Page("spending", "Spending", "Credits by day and kind, the limits, and what is running"),
)


def address(name: str) -> str:
    """The address of a page."""
    return f"{SCHEME}a2e/{name}"


def listed(prefix: str) -> list[Resource]:
    """The pages as `resources/list` shows them, with their bytes."""
    return [
        Resource(
            uri=page.uri,
            name=page.uri,
            title=page.title,
            description=page.about,
            mime_type=PAGE_TYPE,
            size=len(_html(page, prefix).encode()),
        )
        for page in PAGES
    ]


def find_page(uri: str) -> Page | None:
    """The page at an address."""
    return next((page for page in PAGES if page.uri == uri), None)


def content(page: Page, prefix: str, media: Sequence[str]) -> ReadResourceContents:
    """A page as it is read: media may come from these origins, and nothing else is loaded or asked."""
    meta: dict[str, Any] = {
        "csp": {"resourceDomains": list(media)},
        "permissions": {"clipboardWrite": {}},
        "prefersBorder": False,
    }
    return ReadResourceContents(_html(page, prefix), PAGE_TYPE, {"ui": meta})


def _html(page: Page, prefix: str) -> str:
    html = resources.files(__package__).joinpath("html", f"{page.name}.html").read_text(encoding="utf-8")
    return html.replace(_NO_PREFIX, json.dumps({"prefix": prefix}))
