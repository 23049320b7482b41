"""The registry: tenants, clients, tokens, devices and presence; it publishes the directory."""
