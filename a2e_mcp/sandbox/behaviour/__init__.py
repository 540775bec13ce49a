"""The parts of every family: records, job plans, and shared answers."""
