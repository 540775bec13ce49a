"""Sound: the speech engine, decoding and encoding, mouth shapes."""
