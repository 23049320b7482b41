"""The audit log is only added to: the database itself refuses to change or delete what stands in it."""

from alembic import op

revision = "0008"
down_revision = "0007"

_SAYS = "the audit log is only added to"
#: Also what would replace a row by inserting it again, which fires no trigger of deleting.
_SQLITE = {
    "update": "BEFORE UPDATE ON audit",
    "delete": "BEFORE DELETE ON audit",
    "replace": "BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)",
}


def upgrade() -> None:
    """Add the triggers; what stands in the log stays as it is."""
    if op.get_bind().dialect.name == "sqlite":
        for name, when in _SQLITE.items():
            op.execute(f"CREATE TRIGGER audit_{name} {when} BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END")
        return
    op.execute(f"CREATE FUNCTION audit_keeps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_SAYS}'; END $$")
    op.execute(
        "CREATE TRIGGER audit_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_keeps()"
    )
