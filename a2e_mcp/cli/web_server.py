"""uvicorn for a server of a company: SIGTERM ends it without cutting off a call."""

from __future__ import annotations

import asyncio
import logging
import math
import signal
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from a2e_mcp.operations.drain import Drain
from a2e_mcp.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_AT_ONCE_SECONDS = 2
"""How long calls under way are given after Ctrl-C."""
SPARE_SECONDS = 2
"""What calls under way are given beyond their own seconds after SIGTERM."""
_log = logging.getLogger(__name__)


def web_server(app: ASGIApp, settings: Settings, drain: Drain) -> uvicorn.Server:
    """A server for an app; its loop must be running."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_AT_ONCE_SECONDS,
        ws="none",
        log_config=None if settings.log == "json" else LOGGING_CONFIG,
    )
    return _DrainingServer(config, drain, settings, asyncio.get_running_loop())


class _DrainingServer(uvicorn.Server):
    """After SIGTERM it answers until its load balancer has noticed, and then ends with the calls that are under way.

    Ctrl-C, and a second SIGTERM, end it at once.
    """

    def __init__(
        self, config: uvicorn.Config, drain: Drain, settings: Settings, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(config)
        self._drain = drain
        self._settings = settings
        self._serving = loop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Is called on a signal, between any two lines of Python."""
        if sig == signal.SIGTERM and not self._drain.has_begun:
            self._serving.call_soon_threadsafe(self._begin_to_drain)
        elif sig == signal.SIGTERM:
            self._serving.call_soon_threadsafe(self._end_at_once)
        else:
            super().handle_exit(sig, frame)

    def _begin_to_drain(self) -> None:
        seconds = self._settings.drain_seconds
        _log.info("Ending: nothing new is started, and calls are still answered for %g s", seconds)
        self._drain.begin()
        self.config.timeout_graceful_shutdown = math.ceil(self._settings.call_seconds) + SPARE_SECONDS
        self._serving.call_later(seconds, self._end)

    def _end(self) -> None:
        self.should_exit = True

    def _end_at_once(self) -> None:
        self._end()
        for task in self.server_state.tasks:
            task.cancel()
