"""A2E's API over HTTP: routes, requests, file addresses, and the control beside them."""
