"""One HTTP call to A2E: authentication, envelope, retries, a typed reply."""
