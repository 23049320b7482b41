"""Graph's change notifications (graph-print.md 4): who subscribed, what each is told and how, and what becomes of it."""
