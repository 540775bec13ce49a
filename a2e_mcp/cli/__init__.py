"""The commands: serve, demo, sandbox, doctor, install, tools and forget."""
