"""Render subprocesses: the pool, one process, and its lines."""
