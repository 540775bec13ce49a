"""Bytes in and out: local files, URLs, uploads and downloads."""
