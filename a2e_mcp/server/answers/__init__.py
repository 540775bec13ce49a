"""What tools say: jobs, lists and refusals, in words and as structured content."""
