"""Bearer tokens of OpenID Connect issuers: whom to believe, with which keys, and who a token says is asking (graph-print.md 6)."""
