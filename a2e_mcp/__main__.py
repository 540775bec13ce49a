"""The way in: `a2e-mcp`, or `python -m a2e_mcp`."""

from __future__ import annotations

from a2e_mcp.cli.main import main

if __name__ == "__main__":
    main()
