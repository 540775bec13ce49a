"""The ledger in PostgreSQL, for several servers of one company; imported only where an address of one is set."""
