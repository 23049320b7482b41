"""The Webprinter door: `POST /openapi` with `{command, data}`, exact in what it answers, patient in what it takes."""
