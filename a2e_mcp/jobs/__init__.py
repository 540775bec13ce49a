"""Running jobs: one Job over all families, polling, lost answers, downloads."""
