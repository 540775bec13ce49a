"""What was started and what it cost."""
