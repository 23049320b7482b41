"""Alembic revisions of the dispatcher's database, oldest first."""
