"""What requests about printers and jobs ask for, read and checked (graph-print.md 1.3, 1.5)."""
