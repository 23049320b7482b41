"""The life of a task in IPP's words (RFC 8011 section 5.3.7), and the one table that maps it to Webprinter's statuses."""

from enum import StrEnum


class State(StrEnum):
    """IPP's seven job states (RFC 8011 section 5.3.7), by their keywords."""

    PENDING = "pending"
    PENDING_HELD = "pending-held"
    PROCESSING = "processing"
    PROCESSING_STOPPED = "processing-stopped"
    CANCELED = "canceled"
    ABORTED = "aborted"
    COMPLETED = "completed"


class Reason(StrEnum):
    """Reason keywords that we set ourselves: job-state-reasons of RFC 8011 5.3.8 and PWG 5100, and three marked as ours."""

    JOB_DATA_INSUFFICIENT = "job-data-insufficient"
    JOB_INCOMING = "job-incoming"
    JOB_HELD_FOR_HOOK = "job-held-for-hook"  # ours: a partner's hook works on the task
    JOB_TRANSFORMING = "job-transforming"
    JOB_HOLD_UNTIL_SPECIFIED = "job-hold-until-specified"
    JOB_RELEASE_WAIT = "job-release-wait"
    JOB_QUEUED = "job-queued"
    JOB_FETCHABLE = "job-fetchable"
    JOB_OUTGOING = "job-outgoing"
    JOB_PRINTING = "job-printing"
    PRINTER_STOPPED = "printer-stopped"
    PRINTER_STOPPED_PARTLY = "printer-stopped-partly"
    OUTCOME_UNKNOWN = "outcome-unknown"  # ours: nobody can say whether it is on paper
    PROCESSING_TO_STOP_POINT = "processing-to-stop-point"
    JOB_COMPLETED_SUCCESSFULLY = "job-completed-successfully"
    JOB_COMPLETED_WITH_WARNINGS = "job-completed-with-warnings"
    JOB_CANCELED_BY_USER = "job-canceled-by-user"
    JOB_CANCELED_AT_DEVICE = "job-canceled-at-device"
    EXPIRED = "expired"  # ours: its time was over before it was printed
    ABORTED_BY_SYSTEM = "aborted-by-system"
    DOCUMENT_ACCESS_ERROR = "document-access-error"
    DOCUMENT_FORMAT_ERROR = "document-format-error"
    DOCUMENT_PASSWORD_ERROR = "document-password-error"  # noqa: S105 - IPP's keyword, not a secret
    DOCUMENT_SECURITY_ERROR = "document-security-error"
    DOCUMENT_UNPRINTABLE_ERROR = "document-unprintable-error"
    UNSUPPORTED_DOCUMENT_FORMAT = "unsupported-document-format"
    UNSUPPORTED_ATTRIBUTES_OR_VALUES = "unsupported-attributes-or-values"
    RESOURCES_ARE_NOT_READY = "resources-are-not-ready"


class Status(StrEnum):
    """Webprinter's task statuses (reference: webprinter.md 3.1)."""

    SUBMITTED = "SUBMITTED"
    QUEUED = "QUEUED"
    PRINTING = "PRINTING"
    PARTIAL_PRINTED = "PARTIAL_PRINTED"
    PRINTED = "PRINTED"
    FINISHED = "FINISHED"
    ERROR = "ERROR"
    CANCELED = "CANCELED"


class Stage(StrEnum):
    """A place in the life cycle: one IPP state together with what it waits for."""

    AWAITING_DATA = "awaiting-data"
    INCOMING = "incoming"
    HOOKED = "hooked"
    TRANSFORMING = "transforming"
    HELD = "held"
    RELEASE_WAIT = "release-wait"
    FINISHING = "finishing"
    FETCHABLE = "fetchable"
    OUTGOING = "outgoing"
    PRINTING = "printing"
    STOPPED = "stopped"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    COMPLETED = "completed"
    ABORTED = "aborted"
    CANCELED = "canceled"


#: Stage -> (IPP state, the reason a task in it has unless something more exact is known).
IPP: dict[Stage, tuple[State, Reason]] = {
    Stage.AWAITING_DATA: (State.PENDING, Reason.JOB_DATA_INSUFFICIENT),
    Stage.INCOMING: (State.PENDING, Reason.JOB_INCOMING),
    Stage.HOOKED: (State.PENDING_HELD, Reason.JOB_HELD_FOR_HOOK),
    Stage.TRANSFORMING: (State.PROCESSING, Reason.JOB_TRANSFORMING),
    Stage.HELD: (State.PENDING_HELD, Reason.JOB_HOLD_UNTIL_SPECIFIED),
    Stage.RELEASE_WAIT: (State.PENDING_HELD, Reason.JOB_RELEASE_WAIT),
    Stage.FINISHING: (State.PROCESSING, Reason.JOB_QUEUED),  # released, and made ready for its printer
    Stage.FETCHABLE: (State.PENDING, Reason.JOB_FETCHABLE),
    Stage.OUTGOING: (State.PROCESSING, Reason.JOB_OUTGOING),
    Stage.PRINTING: (State.PROCESSING, Reason.JOB_PRINTING),
    Stage.STOPPED: (State.PROCESSING_STOPPED, Reason.PRINTER_STOPPED),
    Stage.PARTIAL: (State.PROCESSING_STOPPED, Reason.PRINTER_STOPPED_PARTLY),
    Stage.UNKNOWN: (State.PROCESSING_STOPPED, Reason.OUTCOME_UNKNOWN),
    Stage.COMPLETED: (State.COMPLETED, Reason.JOB_COMPLETED_SUCCESSFULLY),
    Stage.ABORTED: (State.ABORTED, Reason.ABORTED_BY_SYSTEM),
    Stage.CANCELED: (State.CANCELED, Reason.JOB_CANCELED_BY_USER),
}

#: Stage -> Webprinter status; None: not yet told to anybody (design.md, States).
STATUS: dict[Stage, Status | None] = {
    Stage.AWAITING_DATA: None,
    Stage.INCOMING: Status.SUBMITTED,
    Stage.HOOKED: Status.SUBMITTED,
    Stage.TRANSFORMING: Status.SUBMITTED,
    Stage.HELD: Status.QUEUED,
    Stage.RELEASE_WAIT: Status.QUEUED,
    Stage.FINISHING: Status.QUEUED,
    Stage.FETCHABLE: Status.QUEUED,
    Stage.OUTGOING: Status.PRINTING,
    Stage.PRINTING: Status.PRINTED,
    Stage.STOPPED: Status.PRINTING,
    Stage.PARTIAL: Status.PARTIAL_PRINTED,
    Stage.UNKNOWN: Status.PARTIAL_PRINTED,
    Stage.COMPLETED: Status.FINISHED,
    Stage.ABORTED: Status.ERROR,
    Stage.CANCELED: Status.CANCELED,
}

TERMINAL: frozenset[Stage] = frozenset({Stage.COMPLETED, Stage.ABORTED, Stage.CANCELED})
