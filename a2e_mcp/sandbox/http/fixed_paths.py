"""Routes without parameters, found by their path at once: A2E has some two hundred calls, and Starlette tries each."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send


class FixedPaths(Router):
    """A router that tries only the routes of a request's own path, where that has no parameter."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        super().__init__(routes, redirect_slashes=False)
        paths: dict[str, list[Route]] = {}
        for route in routes:
            if isinstance(route, Route) and not route.param_convertors:
                paths.setdefault(route.path, []).append(route)
        self._paths = {path: Router(found, redirect_slashes=False) for path, found in paths.items()}

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route of this path answer, or whichever fits."""
        if scope["type"] == "http" and (found := self._paths.get(scope["path"])) is not None:
            await found.app(scope, receive, send)
        else:
            await super().app(scope, receive, send)
