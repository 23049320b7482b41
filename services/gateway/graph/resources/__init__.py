"""What there is at this door: one module per noun, each with its handlers and, as `ROUTES`, their table."""
