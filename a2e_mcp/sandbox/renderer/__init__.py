"""The renderers: every picture, clip and sound the sandbox really makes. Imported by the render worker only."""
