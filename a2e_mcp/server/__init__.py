"""MCP only: tools, resources and prompts over the services."""
