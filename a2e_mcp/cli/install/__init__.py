"""The command `install`: adds the server to a client's configuration; the clients are declared here."""

from a2e_mcp.cli.install.clients import NAME, claude_desktop_file

__all__ = ["NAME", "claude_desktop_file"]
