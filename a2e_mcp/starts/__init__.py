"""What is charged: the one way a start is resolved, priced, recorded and sent."""
