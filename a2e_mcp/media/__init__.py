"""What the film and the sandbox draw with alike: fonts for every script, and lines of letters."""
