"""The services of Printbus, one folder each; they talk over NATS only."""
