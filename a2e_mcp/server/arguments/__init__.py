"""What hosts and people send as arguments, read in one step into a tool's inputs."""
