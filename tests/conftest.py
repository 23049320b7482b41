"""Fixtures that the tests of several services share."""

from tests.postgres import database_url, postgres_cluster, postgres_url

__all__ = ["database_url", "postgres_cluster", "postgres_url"]
