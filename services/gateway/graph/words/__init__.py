"""Graph's words and what they are inside: enumerations, sheets, states, configurations (graph-print.md 2)."""
