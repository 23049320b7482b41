"""The built-in issuer: OpenID Connect discovery, keys, and access tokens for applications (graph-print.md 6.2)."""
