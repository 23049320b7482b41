"""The agent: beside the printers it fetches, remembers, prints and reports."""
