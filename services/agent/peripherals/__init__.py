"""Scanners and cameras beside the agent: looked for now and then, listed with the printers, and never an error."""
