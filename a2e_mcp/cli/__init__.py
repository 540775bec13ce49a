"""The commands of `a2e-mcp`, of which `serve` is the default."""
