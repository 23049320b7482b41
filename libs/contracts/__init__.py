"""The language of Printbus: words, records, messages with their subjects, streams and permissions, all as data."""
