"""Things as Graph shows them, one module per type (graph-print.md 2)."""
