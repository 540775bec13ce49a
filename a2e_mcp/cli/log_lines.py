"""How a program that serves logs: lines for a person, or JSON objects for a machine."""

from __future__ import annotations

from a2e_mcp.settings import Settings


def begin_logging(settings: Settings) -> None:
    """Log to stderr as the settings say, without the token."""
    token = "" if settings.token is None else settings.token.get_secret_value()
    if settings.log == "json":
        from a2e_mcp.operations.logs import write_json_lines

        write_json_lines(token)
    else:
        from a2e_mcp.operations.plain_lines import write_plain_lines

        write_plain_lines(token)
