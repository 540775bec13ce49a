"""A live room, inside its own process: an avatar that is drawn, speaks and is sent over WebRTC."""
