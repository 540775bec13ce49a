"""The process of a live room: a drawn avatar that speaks over WebRTC."""
