"""What is charged: a start is resolved, priced, recorded and sent in one way."""
