"""Drawn people and landscapes, and the presenter made from a drawn person."""
