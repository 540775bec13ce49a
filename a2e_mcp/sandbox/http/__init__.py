"""A2E's API over HTTP: routes, requests, file URLs, and the control routes."""
