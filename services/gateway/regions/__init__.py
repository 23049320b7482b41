"""Doors to other regions: whose printers are there prints there, through whichever gateway (design.md section 8)."""
