"""The life of a task: every stage has its state and its status, every reason is a keyword of a standard or marked as ours."""

import json
from pathlib import Path

from libs.contracts.states import IPP, STATUS, TERMINAL, Reason, Stage, State, Status

KEYWORDS = json.loads((Path(__file__).parent / "job_state_reasons.json").read_text())


def test_every_stage_has_an_ipp_state_and_a_status():
    assert set(IPP) == set(Stage)
    assert set(STATUS) == set(Stage)
    assert {state for state, _ in IPP.values()} == set(State)
    assert set(STATUS.values()) == {*Status, None}


def test_the_states_are_ipps_seven():
    assert [state.value for state in State] == [
        "pending",
        "pending-held",
        "processing",
        "processing-stopped",
        "canceled",
        "aborted",
        "completed",
    ]


def test_every_reason_is_a_keyword_of_a_standard_or_known_as_ours():
    ours = {Reason.JOB_HELD_FOR_HOOK, Reason.OUTCOME_UNKNOWN, Reason.EXPIRED}
    for reason in Reason:
        assert (reason.value in KEYWORDS["keywords"]) is (reason not in ours), reason
    assert set(KEYWORDS["ours"]) == {reason.value for reason in ours}


def test_what_is_over_is_over_in_every_language():
    assert {IPP[stage][0] for stage in TERMINAL} == {State.COMPLETED, State.ABORTED, State.CANCELED}
    assert {STATUS[stage] for stage in TERMINAL} == {Status.FINISHED, Status.ERROR, Status.CANCELED}
    for stage in set(Stage) - TERMINAL:
        assert IPP[stage][0] not in {State.COMPLETED, State.ABORTED, State.CANCELED}
        assert STATUS[stage] not in {Status.FINISHED, Status.ERROR, Status.CANCELED}


def test_two_stages_of_one_state_differ_in_their_reason():
    assert len(set(IPP.values())) == len(Stage)
