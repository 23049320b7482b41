"""Alembic's entry: runs the revisions on the connection that `libs.runtime.database` gives it."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
