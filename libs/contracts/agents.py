"""What agents ask and tell beside their orders and reports: admission, documents, enrolment, credentials, signs of life."""

from dataclasses import dataclass

from libs.contracts.documents import Role
from libs.contracts.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitAgent(Message, subject="query.{region}.spooler.admit-agent.{tenant}.{agent}"):
    """May this journal print for this agent (design.md rule 8)? `journal` is its random id."""

    region: str
    tenant: str
    agent: str
    journal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Orders up to stream sequence `sequence` are acknowledged unread by this journal.

    `at` is the time by the spooler, in ms since 1970 (0: it does not say): what expires, expires by its clock everywhere.
    """

    sequence: int
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressDocument(Message, subject="query.{region}.spooler.address-document.{tenant}.{agent}"):
    """Where can I fetch this document of my open order?"""

    region: str
    tenant: str
    agent: str
    task: str
    attempt: int
    role: Role = Role.PRINTABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAddress:
    """An HTTP address, valid for ten minutes; the client checks length and SHA-256 from its order."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolAgent(Message, subject="query.{region}.registry.enrol-agent"):
    """A machine shows an enrolment token (its SHA-256) and asks for credentials for its public key, a user's nkey.

    `sn` is what it was enrolled as before; empty: it is new. Asked again with the same key, the answer is the same.
    """

    region: str
    digest: str
    key: str
    sn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """All that an agent needs: who it is, its JWT (whose key it has), where the bus is, and whom to trust there.

    `*` as a host in `urls` is the host that the agent asked. `ca` is a certificate in PEM; empty: the system's own authorities.
    """

    sn: str
    tenant: str
    shard: int
    region: str
    jwt: str
    urls: tuple[str, ...]
    ca: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewCredentials(Message, subject="query.{region}.registry.renew-credentials.{tenant}.{agent}"):
    """A new JWT for the key of the one that ends soon."""

    region: str
    tenant: str
    agent: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """The JWT, which takes the old one's place."""

    jwt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Message, subject="heartbeat.{region}.{tenant}.{agent}"):
    """An agent lives: core NATS, every few seconds; `leaving` on a graceful stop.

    `host`, `system` and `version`: the machine's name in its network, what it runs on, and the agent's own version.
    """

    region: str
    tenant: str
    agent: str
    journal: str
    leaving: bool = False
    host: str = ""
    system: str = ""
    version: str = ""


#: Question -> the record that answers it.
AGENT_ANSWER: dict[type[Message], type] = {
    AdmitAgent: Admitted,
    AddressDocument: DocumentAddress,
    EnrolAgent: Enrolled,
    RenewCredentials: Renewed,
}
