"""Video files: reading, writing, remaking, captions and camera moves."""
