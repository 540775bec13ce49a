"""Render workers: subprocesses that take orders; the pool, one process, its lines, and the program in it."""
