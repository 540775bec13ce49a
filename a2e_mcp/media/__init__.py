"""What the film and the sandbox draw and hear with alike: fonts for every script, lines of letters, steady sound."""
