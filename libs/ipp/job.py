"""A job as a printer describes it."""

from dataclasses import dataclass

from libs.ipp.attributes import Attributes
from libs.ipp.enums import JobState


@dataclass(frozen=True, slots=True)
class Job:
    """A job's number, state and reasons (RFC 8011 section 5.3); `attributes` holds whatever else was asked for.

    `state` is None when the printer did not tell it, or told a number that no standard knows.
    """

    id: int
    state: JobState | None
    reasons: tuple[str, ...]
    attributes: Attributes

    @classmethod
    def of(cls, attributes: Attributes) -> "Job":
        """A job from its attributes; its number is 0 when the printer did not tell it."""
        state = attributes.integer("job-state")
        known = state in set(JobState)
        return cls(
            id=attributes.integer("job-id") or 0,
            state=JobState(state) if known else None,  # type: ignore[arg-type]
            reasons=tuple(reason for reason in attributes.strings("job-state-reasons") if reason != "none"),
            attributes=attributes,
        )

    @property
    def name(self) -> str | None:
        """`job-name`, when it was asked for."""
        return self.attributes.string("job-name")

    @property
    def uri(self) -> str | None:
        """`job-uri`."""
        return self.attributes.string("job-uri")

    @property
    def uuid(self) -> str | None:
        """`job-uuid`, when it was asked for."""
        return self.attributes.string("job-uuid")

    @property
    def message(self) -> str | None:
        """`job-state-message`: what the printer says about the state, for people."""
        return self.attributes.string("job-state-message")
