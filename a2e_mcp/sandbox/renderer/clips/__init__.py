"""Video files: reading, writing, editing, captions and camera moves."""
