"""One render: its progress, its finished file, its refusals, and the media it may open."""
