"""Measurements beside the bare SDK: `python -m bench` (`--quick` for fewer runs)."""
