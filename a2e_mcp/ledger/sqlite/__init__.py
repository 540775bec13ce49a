"""The ledger in one SQLite file of this computer."""
