"""The models: one row each, with what it can, takes and costs."""
