"""Who may say and hear what on the bus, as data beside the streams (design.md rule 16): everything else is denied."""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.contracts.hooks import HOOK_ANSWER
from libs.contracts.jobs import JOB_ANSWER
from libs.contracts.streams import (
    ADVISORIES,
    CONVERT,
    DELIVERED,
    DEVICES,
    DIRECTORY,
    IDEMPOTENCY,
    INTAKE,
    PRINT,
    RELAYS,
    REPORTS,
    TASKS,
    BucketSpec,
    ConsumerSpec,
    agent_consumer,
    consumers,
    far_directory,
    outbox,
)
from libs.contracts.uploads import UPLOAD_ANSWER
from libs.contracts.usage import USAGE_ANSWER

#: What doors ask of the spooler; agents ask other things, each for itself.
DOOR_VERBS = (
    *(message.SUBJECT.rpartition(".")[2] for message in (*HOOK_ANSWER, *JOB_ANSWER, *UPLOAD_ANSWER, *USAGE_ANSWER)),
    "list-tasks",
    "get-task",
    "cancel-task",
    "resolve-task",
    "release-task",
    "get-material",
    "pause-device",
    "resume-device",
    "list-lines",
    "confirm-tasks",
)
SERVICES = ("gateway", "registry", "spooler", "converter", "webhooks")
#: Names of users that are not agents: the services, and the user of the admin step.
TAKEN = (*SERVICES, "admin")


@dataclass(frozen=True, slots=True)
class Permissions:
    """Subjects that a user may publish and subscribe to; `answers`: it may also reply to whoever asked it."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    answers: bool = False


def inbox(user: str) -> str:
    """A user's private inbox prefix: nobody else may listen there."""
    return f"_INBOX.{user}"


def _reading(spec: ConsumerSpec, *verbs: str) -> tuple[str, ...]:
    """To read one durable consumer: ask for messages, acknowledge, and what `verbs` add (INFO, RESET)."""
    at = f"{spec.stream}.{spec.durable}"
    asked = tuple(f"$JS.API.CONSUMER.{verb}.{at}" for verb in ("MSG.NEXT", *verbs))
    return (*asked, f"$JS.ACK.{at}.>", f"$JS.ACK.*.*.{at}.>")


def _watching(bucket: BucketSpec) -> tuple[str, ...]:
    """To read and watch a KV bucket."""
    stream = f"KV_{bucket.name}"
    api = "$JS.API"
    return (
        f"{api}.STREAM.INFO.{stream}",
        f"{api}.STREAM.MSG.GET.{stream}",
        f"{api}.DIRECT.GET.{stream}",
        f"{api}.DIRECT.GET.{stream}.>",
        f"{api}.CONSUMER.CREATE.{stream}",
        f"{api}.CONSUMER.CREATE.{stream}.>",
        f"{api}.CONSUMER.INFO.{stream}.*",
        f"{api}.CONSUMER.DELETE.{stream}.*",
        f"$JS.FC.{stream}.>",
    )


def _following(stream: str) -> tuple[str, ...]:
    """To follow a stream by consumers without a name, and to read back; a durable one can neither be made nor touched by it."""
    api = "$JS.API"
    return (
        f"{api}.STREAM.INFO.{stream}",
        f"{api}.CONSUMER.CREATE.{stream}",
        f"{api}.DIRECT.GET.{stream}",
        f"$JS.FC.{stream}.>",
    )


def _measuring(region: str) -> tuple[str, ...]:
    """To tell how long what the services read has waited."""
    waiting = tuple(f"$JS.API.CONSUMER.INFO.{spec.stream}.{spec.durable}" for spec in consumers(region))
    return (*waiting, *(f"$JS.API.STREAM.MSG.GET.{stream}" for stream in (TASKS, DEVICES, ADVISORIES)))


def _writing(bucket: BucketSpec) -> tuple[str, ...]:
    return (f"$KV.{bucket.name}.>",)


def _far(other: str) -> tuple[str, ...]:
    """What a gateway may do for clients of another region: hand over, ask what doors ask, and keep what cannot be handed over."""
    stream = outbox(other)
    return (
        f"intake.{other}.>",
        f"out.{other}.>",
        *asked_by_doors(other),
        *_watching(far_directory(other)),
        *(f"$JS.API.STREAM.{verb}.{stream}" for verb in ("INFO", "PURGE", "MSG.GET")),
        f"$JS.API.DIRECT.GET.{stream}",
    )


def asked_by_doors(region: str) -> tuple[str, ...]:
    """The questions of a region that doors ask; `*`: of any."""
    return (
        f"query.{region}.registry.>",
        *(f"query.{region}.spooler.{verb}" for verb in DOOR_VERBS),
        f"query.{region}.converter.preview-document",
        f"query.{region}.webhooks.>",
    )


def link_permissions(regions: Sequence[str]) -> Permissions:
    """What goes over a link between regions, either way: submissions, questions and their answers, and what is sourced; no more."""
    sourced = (f"KV_{DIRECTORY.name}", *(outbox(region) for region in regions))
    created = "API.CONSUMER.CREATE"
    both = (
        "intake.*.>",
        *asked_by_doors("*"),
        f"{inbox('gateway')}.>",
        f"{DELIVERED}.>",
        "$JSC.R.>",
        *(f"$JS.FC.{stream}.>" for stream in sourced),
        *(f"$JS.{region}.{created}.{stream}" for region in regions for stream in sourced),
        *(f"$JS.{region}.{created}.{stream}.>" for region in regions for stream in sourced),
    )
    return Permissions(both, both)


def service_permissions(service: str, region: str, others: Sequence[str] = ()) -> Permissions:
    """What one service may do in its region, which is linked with `others`. Raises `KeyError` for a name that is not a service."""
    own = [spec for spec in consumers(region) if spec.durable.startswith(f"{service}_")]
    reading = tuple(subject for spec in own for subject in _reading(spec, "INFO", "RESET"))
    publish: dict[str, tuple[str, ...]] = {
        "gateway": (
            f"intake.{region}.>",
            *asked_by_doors(region),
            *(subject for other in others for subject in _far(other)),
            *_watching(DIRECTORY),
            *_watching(IDEMPOTENCY),
            *_writing(IDEMPOTENCY),
            *_following(TASKS),
            *_following(f"KV_{RELAYS.name}"),
            f"$JS.API.STREAM.MSG.GET.KV_{RELAYS.name}",
            *_writing(RELAYS),
        ),
        "registry": (
            f"device.{region}.>",
            *_watching(DIRECTORY),
            *_writing(DIRECTORY),
            f"$JS.API.CONSUMER.CREATE.{PRINT}.>",
            f"$JS.API.CONSUMER.DURABLE.CREATE.{PRINT}.>",
            f"$JS.API.CONSUMER.DELETE.{PRINT}.>",
            f"$JS.API.CONSUMER.INFO.{PRINT}.>",
            f"$JS.API.CONSUMER.RESET.{PRINT}.>",
        ),
        "spooler": (
            f"order.*.{region}.>",
            f"task.*.{region}.>",
            f"partner.*.{region}.>",
            f"dead.{region}.>",
            f"query.{region}.registry.>",
            *_watching(DIRECTORY),
            *(f"$JS.API.STREAM.INFO.{stream}" for stream in (INTAKE, CONVERT, PRINT, REPORTS)),
            "$JS.API.STREAM.LIST",
            *_measuring(region),
            *(f"$JS.API.STREAM.PURGE.{stream}" for stream in (INTAKE, PRINT)),
            *(f"$JS.API.STREAM.MSG.GET.{stream}" for stream in (CONVERT, PRINT, INTAKE, REPORTS)),
            *(f"$JS.API.DIRECT.GET.{stream}" for stream in (CONVERT, INTAKE)),
            f"$JS.API.STREAM.MSG.DELETE.{CONVERT}",
            f"$JS.API.STREAM.MSG.DELETE.{PRINT}",
        ),
        "converter": (f"report.{region}.convert",),
        "webhooks": (
            f"dead.{region}.>",
            f"query.{region}.registry.>",
            *_watching(DIRECTORY),
            *(f"$JS.API.STREAM.{asked}.{stream}" for asked in ("INFO", "MSG.GET") for stream in (TASKS, DEVICES)),
        ),
    }
    subscribe: dict[str, tuple[str, ...]] = {
        "gateway": (f"task.*.{region}.>", f"device.{region}.>", *(f"out.{other}.>" for other in others)),
        "registry": (f"query.{region}.registry.>", f"heartbeat.{region}.>"),
        "spooler": (f"query.{region}.spooler.>", f"heartbeat.{region}.>"),
        "converter": (f"query.{region}.converter.>",),
        "webhooks": (f"query.{region}.webhooks.>",),
    }
    answers = service in ("registry", "spooler", "converter", "webhooks")
    return Permissions((*publish[service], *reading), (*subscribe[service], f"{inbox(service)}.>"), answers)


def agent_permissions(region: str, shard: int, tenant: str, agent: str) -> Permissions:
    """What one agent may do: read, acknowledge and reset its own consumer, tell, ask for itself, and nothing else.

    Raises `ValueError` for an agent that has the name of a service: it would have that one's credentials file and inbox.
    """
    if agent in TAKEN:
        raise ValueError(f"the serial number {agent} is the name of a service: take another one")
    spec = agent_consumer(region, shard, tenant, agent)
    return Permissions(
        (
            *_reading(spec, "INFO", "RESET"),
            f"report.{region}.task.{tenant}.{agent}",
            f"report.{region}.device.{tenant}.{agent}",
            f"query.{region}.spooler.*.{tenant}.{agent}",
            f"query.{region}.registry.*.{tenant}.{agent}",
            f"heartbeat.{region}.{tenant}.{agent}",
        ),
        (f"{inbox(agent)}.>",),
    )
