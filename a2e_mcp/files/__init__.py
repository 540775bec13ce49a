"""Bytes in and out: local files, addresses, uploads and downloads."""
