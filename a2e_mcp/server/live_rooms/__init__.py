"""Live rooms: what is open, and the page on which an avatar is met."""
