"""Subscriptions as this door reads and shows them (graph-print.md 2.14, 4.2)."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from libs.contracts.endpoints import DeliveryView
from libs.contracts.subscriptions import LONGEST, SubscriptionView, Topic, only_fetchable
from services.gateway.graph.http.path import steps_of
from services.gateway.graph.problem import Problem, bad
from services.gateway.graph.words.moments import instant, milliseconds

CREATED, UPDATED, DELETED = "created", "updated", "deleted"
#: What may be heard of each topic; of jobs `updated` is Graph's own, the others are ours.
CHANGES = {Topic.HOOKS: (CREATED,), Topic.JOBS: (CREATED, UPDATED, DELETED)}
TLS = ("v1_0", "v1_1", "v1_2", "v1_3")
LONGEST_TEXT, LONGEST_URL, LONGEST_CERTIFICATE = 128, 2048, 16_384
_VERSION = re.compile(r"/+(?:v1\.0|beta)/", re.IGNORECASE)
#: What the dispatcher looks at, as its sentences name it.
_MEMBER = re.compile(r"\b(?:lifecycleNotificationUrl|notificationUrl|includeResourceData|encryptionCertificate)\b")


@dataclass(frozen=True, slots=True)
class Heard:
    """What a resource names: the tasks of a definition, or the jobs of a printer. `key` empty: of every printer (ours)."""

    topic: Topic
    key: str = ""

    @property
    def path(self) -> str:
        """As the permission matrix has it."""
        if self.topic is Topic.HOOKS:
            return f"print/taskdefinitions/{self.key}/tasks"
        return f"print/printers/{self.key}/jobs" if self.key else "print/jobs"


def heard(resource: str) -> Heard:
    """The grammar of `resource`: with or without a slash or an address before it, in any case; keys may be in brackets.

    Raises `Problem`.
    """
    path = resource.strip()
    if path.lower().startswith(("https://", "http://")):
        before, version, below = _split(urlsplit(path).path)
        path = below if version and not before.strip("/") else ""
    steps = [each.text for each in steps_of(path)]
    match [each.lower() for each in steps]:
        case ["print", "taskdefinitions", _, "tasks"]:
            return Heard(Topic.HOOKS, steps[2])
        case ["print", "printers", _, "jobs"]:
            return Heard(Topic.JOBS, steps[2])
        case ["print", "jobs"] | ["print", "printers", "jobs"]:
            return Heard(Topic.JOBS)
    raise bad(
        "resource must be print/taskDefinitions/{id}/tasks, print/printers/{id}/jobs, or print/jobs for those of every printer.",
        "resource",
    )


def changes_of(body: Mapping[str, Any], topic: Topic) -> str:
    """`changeType` as it was sent. Raises `Problem`."""
    given = needed(body, "changeType")
    words = [each.strip().lower() for each in given.split(",")]
    allowed = CHANGES[topic]
    if len(set(words)) != len(words) or not all(each in allowed for each in words):
        raise bad(f"changeType must be {' or '.join(allowed)} for this resource, several with commas between them.", "changeType")
    return given


def query_of(body: Mapping[str, Any], topic: Topic) -> str | None:
    """`notificationQueryOptions` as it was sent. Raises `Problem`."""
    given = optional(body, "notificationQueryOptions", 256)
    if given is None or not given.strip():
        return None
    if topic is not Topic.JOBS or not only_fetchable(given):
        form = "for jobs it may be $filter = isFetchable eq true" if topic is Topic.JOBS else "leave it out for this resource"
        raise bad(f"notificationQueryOptions cannot be this: {form}.", "notificationQueryOptions")
    return given


def expiry_of(body: Mapping[str, Any]) -> int:
    """`expirationDateTime` in ms since 1970. Raises `Problem`; nothing is shortened silently."""
    given = needed(body, "expirationDateTime")
    try:
        at = milliseconds(given)
    except (ValueError, OverflowError):
        raise bad("expirationDateTime must be a date-time such as 2026-01-03T10:00:00Z.", "expirationDateTime") from None
    now = int(time.time() * 1000)
    if at <= now:
        raise bad("expirationDateTime must be in the future.", "expirationDateTime")
    if at > now + LONGEST:
        longest = f"{LONGEST // 60_000} minutes ahead: until {instant(now + LONGEST)} now"
        raise bad(f"expirationDateTime may be at most {longest}.", "expirationDateTime")
    return at


def tls_of(body: Mapping[str, Any]) -> str:
    """`latestSupportedTlsVersion`, v1_2 unless said otherwise. Raises `Problem`."""
    given = optional(body, "latestSupportedTlsVersion", LONGEST_TEXT)
    if given is not None and given not in TLS:
        raise bad(f"latestSupportedTlsVersion must be one of {', '.join(TLS)}.", "latestSupportedTlsVersion")
    return given or "v1_2"


def data_of(body: Mapping[str, Any]) -> bool | None:
    """`includeResourceData`. Raises `Problem`, also when there is no certificate with it."""
    given = body.get("includeResourceData")
    if given is not None and not isinstance(given, bool):
        raise bad("includeResourceData must be true or false.", "includeResourceData")
    for name in ("encryptionCertificate", "encryptionCertificateId"):
        if given and not body.get(name):
            raise bad(f"includeResourceData needs {name}.", name)
    return given


def needed(body: Mapping[str, Any], name: str) -> str:
    """A text that must be there. Raises `Problem`."""
    found = optional(body, name, LONGEST_URL)
    if found is None or not found.strip():
        raise bad(f"{name} is needed.", name)
    return found


def optional(body: Mapping[str, Any], name: str, longest: int) -> str | None:
    """A text, or None. Raises `Problem`."""
    found = body.get(name)
    if found is not None and not isinstance(found, str):
        raise bad(f"{name} must be a text.", name)
    if found is not None and len(found) > longest:
        raise bad(f"{name} may have at most {longest} characters; it has {len(found)}.", name)
    return found


def subscription_entity(one: SubscriptionView, *, state: bool = True) -> dict[str, Any]:
    """All members, those without a value too; without `state` the clientState is not shown (in lists)."""
    found = {
        "id": one.id,
        "resource": one.resource,
        "applicationId": one.app,
        "changeType": one.changes,
        "clientState": one.state if state else None,
        "notificationUrl": one.url,
        "notificationQueryOptions": one.query,
        "lifecycleNotificationUrl": one.lifecycle_url,
        "expirationDateTime": _exact(one.expires),
        "creatorId": one.creator,
        "includeResourceData": one.data,
        "latestSupportedTlsVersion": one.tls_version,
        "encryptionCertificate": one.certificate,
        "encryptionCertificateId": one.certificate_id,
    }
    return found | ({"notificationUrlAppId": one.token_audience} if one.token_audience else {})


def delivery_entity(one: DeliveryView) -> dict[str, Any]:
    """One notification of the log (ours): what became of it, and every attempt."""
    return {
        "id": one.id,
        "event": one.event,
        "jobId": one.task or None,
        "eventDateTime": instant(one.at),
        "state": str(one.state),
        "attempts": one.attempts,
        "replay": one.replay,
        "nextAttemptDateTime": instant(one.due_at),
        "endedDateTime": instant(one.ended_at),
        "status": one.status,
        "error": one.error,
        "body": one.body,
        "log": [
            {
                "number": each.number,
                "replay": each.replay,
                "dateTime": instant(each.at),
                "milliseconds": each.took,
                "status": each.status,
                "answer": each.excerpt,
                "error": each.error,
            }
            for each in one.log
        ],
    }


def invalid(message: str) -> Problem:
    """The dispatcher refused it: mostly because an address did not pass the handshake (4.3)."""
    found = _MEMBER.search(message)
    return Problem(400, "ValidationError", message, target=found[0] if found else "")


def _exact(at: int) -> str | None:
    """Whole seconds without a fraction, as they are sent."""
    text = instant(at)
    return text.replace(".000Z", "Z") if text else None


def _split(path: str) -> tuple[str, str, str]:
    found = _VERSION.search(path)
    return (path[: found.start()], found[0], path[found.end() :]) if found else (path, "", "")
