"""The commands: serve, demo, sandbox, doctor, install and tools."""
