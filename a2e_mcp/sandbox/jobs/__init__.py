"""The sandbox's jobs: rows in the store, the engine that renders them, and how they look from outside."""
