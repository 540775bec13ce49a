"""One-time addresses for files that are not on this computer: a page with a drop zone, and PUT."""
