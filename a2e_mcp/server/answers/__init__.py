"""The answers of tools: jobs, lists and refusals, as text and as structured content."""
