"""The film worker: orders in on stdin, replies out on stdout, one JSON line each, one order at a time.

It runs as a plain subprocess, so that a crash in a native library, or an endless file, costs one job and not the
server. It ends the moment its stdin closes, also in the middle of a film.
"""

from __future__ import annotations

import sys
import traceback

from a2e_mcp.film.orders import (
    AnyOrder,
    ComposeOrder,
    FilmFailed,
    FilmMade,
    FilmProgress,
    FilmReady,
    LettersOrder,
    TrimOrder,
    decode_order,
    encode,
)
from a2e_mcp.processes.line_server import Report, Send, now_and_then, serve_lines


def main() -> None:
    """Serve orders until stdin ends; what is half written is removed by the server."""
    serve_lines(encode(FilmReady()), _serve)


def _serve(line: bytes, send: Send) -> None:
    send(encode(_answer(line, now_and_then(lambda share: send(encode(FilmProgress(share=share)))))))


def _answer(line: bytes, report: Report) -> FilmMade | FilmFailed:
    from a2e_mcp.film.engine.refusal import NO_ROOM, FilmRefused, is_full

    try:
        return _carried_out(decode_order(line), report)
    except FilmRefused as refusal:
        return FilmFailed(message=str(refusal))
    except Exception as problem:
        if is_full(problem):
            return FilmFailed(message=NO_ROOM)
        traceback.print_exception(problem, file=sys.stderr)
        message = f"The film could not be made because of an internal error ({type(problem).__name__})."
        return FilmFailed(message=message, is_refused=False)


def _carried_out(order: AnyOrder, report: Report) -> FilmMade:
    match order:
        case ComposeOrder():
            from a2e_mcp.film.engine.compose import compose

            return compose(order, report)
        case TrimOrder():
            from a2e_mcp.film.engine.trim import trim

            return trim(order, report)
        case LettersOrder():
            from a2e_mcp.media.fonts import missing_scripts

            return FilmMade(missing=tuple(missing_scripts(order.text)))


if __name__ == "__main__":
    main()
