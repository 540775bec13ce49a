"""One module per kind of order; `render_<kind>` makes what the order asks for."""
