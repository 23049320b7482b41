"""Every stage of a task has its words in Graph, and no others."""

import pytest

from libs.contracts.jobs import DocumentView
from libs.contracts.states import Stage
from services.gateway.graph.words.states import STATES, TOLD, details_of, stages_of, status_of
from tests.gateway.graph.jobs import WHEN, a_job

#: printJobStateDetail (graph-print.md 2.8), without the member that is never sent.
DETAILS = {
    "uploadPending", "transforming", "completedSuccessfully", "completedWithWarnings", "completedWithErrors", "releaseWait",
    "interpreting",
}  # fmt: skip


def test_every_stage_is_told_in_words_that_programs_know():
    assert set(TOLD) == set(Stage)
    for told in TOLD.values():
        assert told.state in STATES
        assert set(told.details) <= DETAILS
        assert told.description.endswith(".")


@pytest.mark.parametrize(
    ("stage", "state", "details"),
    [
        (Stage.AWAITING_DATA, "paused", ["uploadPending"]),
        (Stage.INCOMING, "processing", ["interpreting"]),
        (Stage.HOOKED, "paused", ["releaseWait"]),
        (Stage.TRANSFORMING, "processing", ["interpreting", "transforming"]),
        (Stage.RELEASE_WAIT, "paused", ["releaseWait"]),
        (Stage.FETCHABLE, "pending", []),
        (Stage.OUTGOING, "processing", []),
        (Stage.PRINTING, "processing", []),
        (Stage.STOPPED, "stopped", []),
        (Stage.UNKNOWN, "stopped", []),
        (Stage.COMPLETED, "completed", ["completedSuccessfully"]),
        (Stage.ABORTED, "aborted", ["completedWithErrors"]),
        (Stage.CANCELED, "canceled", []),
    ],
)
def test_the_states_of_the_design(stage, state, details):
    told = status_of(a_job(stage=stage, reason="", message="Why."))
    assert (told["state"], told["details"], told["description"]) == (state, details, "Why.")
    assert stage in stages_of(state.upper())


def test_a_job_whose_document_is_there_waits_for_no_upload():
    job = a_job(document=DocumentView(uploaded_at=WHEN), message="It waits for its document, and to be started.")
    assert details_of(job) == []
    assert "the job waits to be started" in status_of(job)["description"]
    assert status_of(a_job())["description"]
    assert stages_of("unknown") == stages_of("nonsense") == ()
