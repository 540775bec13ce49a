"""What the film and the sandbox draw and hear with alike: fonts, lines of letters, steady sound, usual colours."""
