"""OData's query options, filters and pages, as far as Graph's clients use them (graph-print.md 5)."""
