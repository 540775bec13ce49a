"""Pictures in memory and as files: arrays, letters, and the SANDBOX mark."""
