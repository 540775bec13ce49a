"""The page at `/` of a sandbox on a port: what it is, its token, its control and its routes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_STYLE = """
:root { color-scheme: light dark }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif }
pre { overflow-x: auto; padding: .75rem; border: 1px solid #8886; border-radius: .5rem }
table { border-collapse: collapse; font-size: .9rem }
td { padding: .15rem 1rem .15rem 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere }
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def index_route(*, calls: Sequence[Route], control: Sequence[Route], token: str) -> Route:
    """The route of the page, which lists the others."""

    async def show(request: Request) -> Response:
        origin = escape(f"{request.url.scheme}://{request.url.netloc}")
        return HTMLResponse(
            f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A2E sandbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>
<h1>A2E sandbox</h1>
<p>This is an imitation of A2E's API on this computer. It is free, it needs no account, and everything that it renders
carries the word SANDBOX. It is not made or supported by A2E.</p>
<p>Every call takes the token <code>{escape(token)}</code>:</p>
<pre>curl -H "Authorization: Bearer {escape(token)}" {origin}/api/v1/user/remainingCoins</pre>
<h2>Control</h2>
<p>Without a token, from programs only: reset everything, seed credits and records, move the clock, change how fast
jobs finish, look inside.</p>
{_table(control)}
<pre>curl {origin}/_sandbox/inspect</pre>
<h2>Calls</h2>
{_table(calls)}
</body></html>
""",
            headers=_HEADERS,
        )

    return Route("/", show, methods=["GET"])


def _table(routes: Iterable[Route]) -> str:
    rows = sorted({(route.path, method) for route in routes for method in (route.methods or ()) if method != "HEAD"})
    cells = (f"<tr><td>{escape(method)}</td><td>{escape(path)}</td></tr>" for path, method in rows)
    return f"<table>{''.join(cells)}</table>"
