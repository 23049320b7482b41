"""The acceptance ledger (docs/adr/0043): whether each accepted message became its tasks, and each task comes to an end."""
