"""WebRTC that never leaves this computer."""

import re

import aioice.ice

_LOOPBACK = "127.0.0.1"
_CANDIDATES = re.compile(r"^a=(candidate|end-of-candidates).*\n?", re.MULTILINE)


def stay_on_loopback() -> None:
    """Make every WebRTC connection of this process listen on 127.0.0.1 alone.

    aioice offers the addresses of all network cards and leaves loopback out: it would be open to the network, and have
    nothing to offer on a computer without one. It has no setting for that, so the one function that it asks is replaced
    here; nothing else in the process uses ICE.
    """
    aioice.ice.get_host_addresses = _host_addresses


def without_candidates(offer: str) -> str:
    """An offer without its sender's addresses.

    A browser hides its own behind names that only multicast can resolve, and a stranger's could point anywhere. They
    are not needed: the browser connects first, and the answer goes where it came from. Without the line that ends the
    list, ICE waits for that connection.
    """
    return _CANDIDATES.sub("", offer)


def _host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    return [_LOOPBACK] if use_ipv4 else []
