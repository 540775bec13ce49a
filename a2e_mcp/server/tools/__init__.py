"""The hand-written tools, by toolset."""
