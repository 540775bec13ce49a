"""What runs: one Job over all families; polling, lost answers, downloads."""
