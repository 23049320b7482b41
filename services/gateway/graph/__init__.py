"""Microsoft Graph's print API: `/v1.0` and `/beta` (graph-print.md).

`resources` has one module per resource with its table of routes; a request comes to them through `door`. `http` is how it travels,
`rights` who may, `asked` what it wants, `words` and `entities` how things look in Graph, `odata` its query options, `model` its own
description, `signed` the addresses that are handed out beside it.
"""
