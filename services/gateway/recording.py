"""What a door does by itself, for the registry's audit log: who, what, on what; never a secret."""

from libs.contracts.queries import RecordAction
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway


async def record(gateway: Gateway, identity: Identity, action: str, what: str, **details: str) -> None:
    """Have it in the audit log. Raises `Unanswered`: then nothing that gives rights may be told to anybody."""
    question = RecordAction(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        action=action,
        what=what,
        details=details,
        by=identity.by,
    )
    await gateway.bus.ask(question)
