"""What a call answers where there is no A2E account to make it with."""

from __future__ import annotations

UNCONFIGURED = (
    "No A2E token. Set A2E_API_TOKEN (video.a2e.ai > Account > API Token), "
    "or start with --sandbox to try it free. Nothing was charged."
)
UNFILLED = (
    "No A2E token: A2E_API_TOKEN holds a placeholder that the host did not fill in. Put the token itself there "
    "(video.a2e.ai > Account > API Token), or start with --sandbox to try it free. Nothing was charged."
)
KEYLESS = (
    "This server has no A2E account of its own: let your client send your A2E key (video.a2e.ai > Account > API Token) "
    "as the header X-A2E-Key. Nothing was charged."
)
