"""The parts of an open sandbox, which every behaviour works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from a2e_mcp.sandbox.assets.files import FileStore
from a2e_mcp.sandbox.assets.media_inputs import MediaInputs
from a2e_mcp.sandbox.assets.previews import Pictures
from a2e_mcp.sandbox.assets.uploads import Uploads
from a2e_mcp.sandbox.clock import Clock
from a2e_mcp.sandbox.jobs.engine import JobEngine
from a2e_mcp.sandbox.live.rooms import PrepaidRooms
from a2e_mcp.sandbox.render_workers.analysis import Analysis
from a2e_mcp.sandbox.render_workers.pool import WorkerPool
from a2e_mcp.sandbox.store import Store

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RenderQuality:
    """The largest picture and the frame rate of renders."""

    long_side: int
    short_side: int
    fps: int


FULL = RenderQuality(1280, 720, 25)
DRAFT = RenderQuality(320, 180, 12)


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of an open sandbox."""

    store: Store
    clock: Clock
    files: FileStore
    pictures: Pictures
    pool: WorkerPool
    jobs: JobEngine
    inputs: MediaInputs
    uploads: Uploads
    analysis: Analysis
    rooms: PrepaidRooms
    quality: RenderQuality
