"""Where A2E's results, covers and previews are loaded from."""

from __future__ import annotations

MEDIA_ORIGINS = ("https://d1tzkvq5ukphug.cloudfront.net", "https://dh24as48lv9ce.cloudfront.net")
"""Documented: the hosts of all results in the examples of A2E's own pages. A page shows what comes from elsewhere as a
link."""
