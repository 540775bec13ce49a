"""What a server reports to those who run it: health, metrics, logs and traces; and how it ends in order."""
