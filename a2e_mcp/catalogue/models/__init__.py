"""The families whose models are rows, what their tools and requests have in common, and their own tools."""
