"""What each measurement must stay under; the tests hold the byte counts to the same figures."""

START_RATIO = 1.03
"""Spawn to the tools/list reply, beside a server of the bare SDK with one tool; three percent are noise."""
MEMORY_MIB = 75.0
"""Peak memory of the server after tools/list."""
WIRE_BYTES = 50 * 1024
"""All default tools in tools/list."""
SEEN_BYTES = 34 * 1024
"""What a model sees of them: names, descriptions and inputs."""
ALL_WIRE_BYTES = 72 * 1024
"""The tools of every toolset in tools/list."""
ALL_SEEN_BYTES = 48 * 1024
"""What a model sees of those."""
TOOL_BYTES = 2 * 1024
"""The largest tool."""
CALL_MS = 0.5
"""What we add to a tool call over the SDK's own call and the HTTP call under it."""
CONNECTIONS_RATIO = 0.8
"""Calls a second over HTTP from many connections, beside the bare SDK's."""
KEY_MS = 0.3
"""What it takes to know who makes a request, by a key or a token."""
REPLICAS_RATIO = 1.8
"""Calls a second of two servers on one database, beside one of them."""
REPLICAS_SHARE = 0.9
"""The same by arithmetic, where the cores are too few: beside the share of two servers of the bare SDK, out of 2."""
REQUESTS_A_LOOK = 1.0
"""Requests to A2E at each look at the jobs of one family that are waited for."""
WORKER_RATIO = 8.0
"""A render worker's start beside an empty Python."""
FILM_SECONDS_720, FILM_SECONDS_1080 = 0.5, 1.0
"""Work for a second of film."""
FILM_MEMORY_MIB = 400.0
"""Peak memory of the film worker, whatever the length."""
RENDER_SECONDS = 0.5
"""Work for a second of video at 720p in the sandbox."""
FAMILY_SECONDS_720, FAMILY_SECONDS_1080 = 0.5, 1.0
"""Work for a second of a clip of each family in the sandbox."""
FAMILY_MEMORY_MIB = 400.0
"""The most memory of a render worker, whatever the length."""
