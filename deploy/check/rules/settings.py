"""Every variable that a manifest gives is a setting of what runs there, with a value that it takes."""

from collections.abc import Iterator, Mapping

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from deploy.check.findings import Finding, Manifest
from deploy.check.pods import Container, containers
from deploy.check.variables import UNKNOWN, values
from libs.runtime.settings import PREFIX, Settings
from services.agent.settings import AgentSettings
from services.converter.settings import ConverterSettings
from services.gateway.settings import GatewaySettings
from services.registry.settings import RegistrySettings
from services.spooler.settings import SpoolerSettings
from services.webhooks.settings import WebhooksSettings

RULE = "settings"
#: What runs in an image, and the classes of settings that it reads.
READ: Mapping[str, tuple[type[Settings], ...]] = {
    "gateway": (GatewaySettings,),
    "registry": (RegistrySettings,),
    "spooler": (SpoolerSettings,),
    "converter": (ConverterSettings,),
    "webhooks": (WebhooksSettings,),
    "agent": (AgentSettings,),
    "tools": (RegistrySettings,),
    "embedded": (GatewaySettings, RegistrySettings, SpoolerSettings, ConverterSettings, WebhooksSettings, AgentSettings),
    "nats": (),
}
#: Variables that libraries read: the object store's, Go's, and those that nats.conf names.
OTHERS: Mapping[str, frozenset[str]] = {
    "nats": frozenset({"POD_NAME", "REGION", "GOMEMLIMIT"}),
    "": frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT"}),
}
#: They are on others' machines, or for tests: never in a manifest.
NEVER = ("PRINTBUS_CRASHPOINT", "PRINTBUS_ENROLMENT_TOKEN")
#: What must not stand in a manifest, as everybody may read it: it comes from a Secret.
SECRET = ("PRINTBUS_API_TOKEN", "PRINTBUS_DATABASE_URL", "PRINTBUS_CALLBACK_SECRET", "AWS_SECRET_ACCESS_KEY")


def check(manifests: list[Manifest]) -> Iterator[Finding]:
    """Variables that nobody reads, values that stop the start, and secrets that everybody may read."""
    for container in containers(manifests):
        if container.runs not in READ:
            yield Finding(RULE, container.where, f"its image {container.spec['image']} is none of ours")
            continue
        given = values(container, manifests)
        yield from (Finding(RULE, container.where, wrong) for wrong in (*_unread(container, given), *_open(given)))
        for kind in READ[container.runs]:
            yield from (Finding(RULE, container.where, wrong) for wrong in _refused(kind, given))


def _unread(container: Container, given: Mapping[str, str]) -> Iterator[str]:
    known = {PREFIX + name.upper() for kind in READ[container.runs] for name in kind.model_fields}
    known |= OTHERS.get(container.runs, OTHERS[""])
    for name in sorted(given.keys() - known):
        yield f"{name} is no setting of {container.runs}"


def _open(given: Mapping[str, str]) -> Iterator[str]:
    for name in NEVER:
        if name in given:
            yield f"{name} does not belong into a manifest"
    for name in SECRET:
        if given.get(name, UNKNOWN) not in (UNKNOWN, ""):
            yield f"{name} stands in the manifest for everybody to read: take it from a Secret"


def _refused(kind: type[Settings], given: Mapping[str, str]) -> Iterator[str]:
    """What the settings themselves say of the values that are known."""
    said = {name: value for name, value in given.items() if value not in (UNKNOWN, "")}
    fields = {name: said[PREFIX + name.upper()] for name in kind.model_fields if PREFIX + name.upper() in said}
    try:
        kind.model_validate(_decoded(kind, fields))
    except ValidationError as error:
        for problem in error.errors():
            name = PREFIX + str(problem["loc"][0] if problem["loc"] else "settings").upper()
            if name in said:
                yield f"{name}: {problem['msg']}"
    except (SettingsError, ValueError) as error:
        yield str(error)


def _decoded(kind: type[Settings], fields: Mapping[str, str]) -> dict[str, object]:
    """Lists and objects are written as JSON, as pydantic-settings reads them."""
    source = EnvSettingsSource(kind)
    found: dict[str, object] = {}
    for name, value in fields.items():
        field = kind.model_fields[name]
        try:
            found[name] = source.prepare_field_value(name, field, value, source.field_is_complex(field))
        except ValueError as error:
            raise ValueError(f"{PREFIX}{name.upper()} is no JSON: {error}") from None
    return found
