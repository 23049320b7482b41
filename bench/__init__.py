"""The benchmark of the design's section 7: `python -m bench` takes every measure and writes the evidence."""
