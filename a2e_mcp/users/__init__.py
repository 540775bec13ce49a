"""People who share one server: their keys, sign-in with OpenID Connect, scopes and limits."""
