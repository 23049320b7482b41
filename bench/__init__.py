"""Benchmarks: what is fast is measured beside what it is compared with, in one run, and nothing may be lost in it."""
