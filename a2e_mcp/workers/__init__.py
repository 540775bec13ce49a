"""Workers: processes that carry on what servers have left in the queue of their database."""
