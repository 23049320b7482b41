"""The version of Printbus, as pages and programs are told it."""

VERSION = "0.1.0"
