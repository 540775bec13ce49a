"""Live rooms: the open rooms, and the page that shows them in a browser."""
