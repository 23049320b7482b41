"""Alembic revisions of the registry's database, oldest first."""
