"""The pages that hosts show in the chat (MCP Apps), built from `source/` by `make docs`."""
