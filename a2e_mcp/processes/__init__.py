"""Subprocesses of ours that exchange lines over their pipes."""
