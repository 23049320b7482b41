"""Addresses that this door hands out beside `/v1.0`: of upload sessions and of documents (graph-print.md 1.6, 1.7)."""
