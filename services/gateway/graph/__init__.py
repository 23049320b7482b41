"""Microsoft Graph's print API: `/v1.0` and `/beta` (graph-print.md); one module per resource, each with its table of routes."""
