"""Requests and answers of this door as HTTP: addresses, bodies, pages, tags, batches (graph-print.md 5)."""
