"""People who speak: what a presenter is asked for, and those made from photos."""
