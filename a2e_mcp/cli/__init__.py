"""The commands: serve, demo, sandbox, doctor, install, tools, forget and database."""
