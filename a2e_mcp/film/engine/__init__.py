"""What makes a film; imported by its worker only."""
