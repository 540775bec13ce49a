"""Under which keys entries are looked up: their jobs, and what they have paid for or are about to pay."""

from __future__ import annotations


def job_key(job_id: str) -> str:
    """The key of a job."""
    return f"job:{job_id}"


def speech_key(digest: str) -> str:
    """The key of spoken words, by a digest of text and voice."""
    return f"speech:{digest}"


def upload_key(sha256: str) -> str:
    """The key of a file that is or will be in A2E's storage."""
    return f"upload:{sha256}"


def cost_key(step: str) -> str:
    """The key of what a step was measured to cost."""
    return f"cost:{step}"
