"""Jobs: rows in the store, the engine that renders them, and their public view."""
