"""Work on frames in threads: clips are decoded and encoded beside the drawing, a few frames apart.

Decoding, conversion and encoding run outside Python's lock, so that two cores are used by one clip.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")

# Frames under way in a thread, made or used: one more than it works on, unless they are so large that they fill the
# memory, in pixels.
_UNDER_WAY, _UNDER_WAY_IF_LARGE, _LARGE = 2, 1, 1_280 * 720


def frames_under_way(width: int, height: int) -> int:
    """How many frames of a size may be under way in a thread."""
    return _UNDER_WAY if width * height <= _LARGE else _UNDER_WAY_IF_LARGE


def read_ahead(items: Generator[Item, None, None], under_way: int = _UNDER_WAY) -> Iterator[Item]:
    """The items, made in a thread while those before are used; what fails there is raised here."""
    thread = ThreadPoolExecutor(1)
    made: deque[Future[Item | None]] = deque()
    try:
        while True:
            while len(made) < under_way:
                made.append(thread.submit(next, items, None))
            item = made.popleft().result()
            if item is None:
                return
            yield item
    finally:
        thread.shutdown(cancel_futures=True)
        items.close()


class Sink(Generic[Item]):
    """Uses items in a thread, in their order; what fails there is raised by a later `add`, or by `finish`."""

    def __init__(self, use: Callable[[Item], None], under_way: int = _UNDER_WAY) -> None:
        self._use = use
        self._under_way = under_way
        self._thread = ThreadPoolExecutor(1)
        self._used: deque[Future[None]] = deque()

    def add(self, item: Item) -> None:
        """Hand over an item, which must not be changed from now on; waits while too many are still to be used."""
        if len(self._used) == self._under_way:
            self._used.popleft().result()
        self._used.append(self._thread.submit(self._use, item))

    def finish(self) -> None:
        """Wait until all items are used."""
        while self._used:
            self._used.popleft().result()

    def close(self) -> None:
        """End the thread; what still waits is not used."""
        self._thread.shutdown(cancel_futures=True)
