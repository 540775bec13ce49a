"""Live rooms as A2E keeps them: prepaid, joined over WebRTC, answered from a text."""
