"""Legs of tasks as jobs: what Graph's door asks and commands (graph-print.md 1.5, 3)."""
