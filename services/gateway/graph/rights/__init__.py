"""Who may do what at this door: the permission matrix and its rows (graph-print.md 1.12, 6.4)."""
