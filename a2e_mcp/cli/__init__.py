"""The commands: serve, demo, sandbox, doctor, install, tools, forget, database and worker."""
