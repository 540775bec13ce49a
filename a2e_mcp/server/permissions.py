"""What a user's scope allows, and whom they can ask for more."""

from __future__ import annotations

from a2e_mcp.errors import A2EError
from a2e_mcp.server import tool_index
from a2e_mcp.users.advice import for_user
from a2e_mcp.users.caller import ADMIN, READ, SPEND, Caller, Scope

_ABOUT_OWN_JOBS = ("delete_job",)
_OF_EVERYONE = ("rename_voice",)
"""What it changes is used by others too, as is what tools that delete take away."""


def needed_scope(name: str) -> Scope:
    """The scope that a tool takes."""
    tool = tool_index.tools()[name]
    is_shared = tool.effect == "deletes" and name not in _ABOUT_OWN_JOBS
    if tool.toolset == "admin" or is_shared or name in _OF_EVERYONE:
        return ADMIN
    return READ if tool.effect == "reads" else SPEND


def permits(caller: Caller | None, name: str) -> bool:
    """Whether a caller may use a tool."""
    return caller is None or caller.may(needed_scope(name))


def forbidden(caller: Caller | None, name: str, contact: str) -> str | None:
    """The sentence for a tool that exists and that a caller may not use, or None."""
    if name not in tool_index.tools() or caller is None or permits(caller, name):
        return None
    return (
        f"{name} needs the scope {needed_scope(name)}, and {caller.name} has {caller.scope}. Nothing was charged."
        f" Ask {contact}."
    )


def addressed(problem: A2EError, caller: Caller | None, contact: str) -> A2EError:
    """A problem as a user can act on it: what takes the server's settings or account is for who runs it."""
    return problem if caller is None else for_user(problem, contact, pays=bool(caller.account))
