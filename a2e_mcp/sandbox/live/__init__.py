"""Live rooms: prepaid time, WebRTC, and answers from a text."""
