"""What a worker's log holds of the queue library's."""

from __future__ import annotations

import logging

import pytest
from procrastinate.exceptions import ConnectorException

from a2e_mcp.errors import SettingsError
from a2e_mcp.workers.queue_logs import log_no_outages


def test_a_database_that_is_away_leaves_no_traceback_and_a_mistake_does(caplog: pytest.LogCaptureFixture) -> None:
    log_no_outages()
    for name in ("procrastinate.utils", "procrastinate.worker.a2e-mcp", "asyncio"):
        logger = logging.getLogger(name)
        logger.error("listener error", exc_info=ConnectorException())
        logger.error("to %s", "retry", exc_info=SettingsError("Every start waits for a setting"))
        logger.error("a mistake", exc_info=KeyError("x"))
    assert [(record.getMessage(), bool(record.exc_info)) for record in caplog.records] == [
        ("to retry: Every start waits for a setting.", False),
        ("a mistake", True),
    ] * 3
