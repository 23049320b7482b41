"""A backup of one region, taken while it runs, and its return without printing anything twice (ADR 0059)."""
