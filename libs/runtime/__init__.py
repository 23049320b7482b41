"""Plumbing without a printing word: starting and stopping, bus, outbox, documents, database, logs, traces, settings."""
