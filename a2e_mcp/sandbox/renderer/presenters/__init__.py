"""Speaking people: the presenter interface, and presenters made from photos."""
