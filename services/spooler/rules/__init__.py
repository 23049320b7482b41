"""What becomes of a task when something happens: one small function per row of the table in `domain`."""
