"""The server over HTTP: its paths, who may use them, and what else is served beside MCP."""
