"""Subprocesses that render: the pool, one process, and the lines they speak."""
