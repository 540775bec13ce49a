"""The film worker's process, as the server sees it: started for a film, ended with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from a2e_mcp.errors import FileRefused
from a2e_mcp.processes.line_process import LineProcess, RenderFailed, open_log

if TYPE_CHECKING:
    from a2e_mcp.film.orders import AnyOrder, FilmMade


_LONGEST_SILENCE = 900.0
"""Seconds without a word from the worker after which it counts as stuck, which a damaged file may do to a decoder."""


class FilmFailure(FileRefused):
    """The film worker refused an order, or broke; the message says why."""


async def carry_out(
    order: AnyOrder,
    folder: Path,
    on_share: Callable[[float], None] = lambda _: None,
    on_begin: Callable[[int], None] = lambda _: None,
) -> FilmMade:
    """Start a worker that logs into this folder, give it one order, and end it. Raises FilmFailure.

    `on_begin` is called with the id of its process. Cancelling ends it at once.
    """
    from a2e_mcp.film.orders import FilmFailed, FilmMade, FilmProgress, FilmReady, decode_reply, encode

    await anyio.to_thread.run_sync(lambda: folder.mkdir(parents=True, exist_ok=True))
    with open_log(folder) as log:
        try:
            process = await LineProcess.start("a2e_mcp.film.engine.worker", "film worker", folder, log)
        except RenderFailed as problem:
            raise _broken(problem) from None
        try:
            on_begin(process.process_id)
            if not isinstance(decode_reply(process.greeting), FilmReady):
                raise process.unreadable()
            await process.send(encode(order))
            while True:
                with anyio.fail_after(_LONGEST_SILENCE):
                    reply = decode_reply(await process.receive())
                match reply:
                    case FilmProgress(share=share):
                        on_share(share)
                    case FilmMade() as made:
                        return made
                    case FilmFailed(message=message):
                        raise FilmFailure(message.rstrip("."), charged=None)
        except RenderFailed as problem:
            raise _broken(problem) from None
        except ValueError:
            raise _broken(process.unreadable()) from None
        except TimeoutError:
            raise FilmFailure("The film worker stopped answering, so the film was given up", charged=None) from None
        finally:
            await process.end()


def _broken(problem: RenderFailed) -> FilmFailure:
    return FilmFailure(problem.message.rstrip("."), hint="Start it again", charged=None)
