"""The typed client: authentication, envelope, retries, one `call()` with a typed reply."""
