"""Drawn pictures: people and landscapes."""
