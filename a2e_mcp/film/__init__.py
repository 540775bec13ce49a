"""Films, finished on this computer: clips joined, cut, captioned and set to music, as jobs that cost nothing."""
