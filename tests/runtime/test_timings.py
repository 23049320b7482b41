"""What is done over the bus is told with how long it took and how it came out, by each service under the same names."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from libs.contracts.metrics import ALL, BUS_OPERATIONS, BUS_PROCESSING, BUS_QUESTIONS
from libs.contracts.queries import Code
from libs.runtime.bus import Refused, Unanswered
from libs.runtime.metrics import written
from libs.runtime.timings import Timings


def counts(*registries):
    """(metric, labels in the catalogue's order) -> how many there were."""
    found = {}
    for family in text_string_to_metric_families(written(registries)[0].decode()):
        for sample in family.samples:
            if sample.name.endswith("_count"):
                found[family.name, *(sample.labels[each] for each in ALL[family.name].labels)] = sample.value
    return found


def test_what_became_of_messages_and_questions_is_told_by_service_stream_and_kind():
    registry = CollectorRegistry()
    timings = Timings("gateway", registry)
    with timings.publishing("INTAKE"):
        pass
    with pytest.raises(Unanswered), timings.publishing("INTAKE"):
        raise Unanswered
    with timings.processing("REPORTS"):
        pass
    with timings.asking("LookUp", Refused):
        pass
    with pytest.raises(Refused), timings.asking("GetTask", Refused):
        raise Refused(Code.NOT_FOUND, "no")
    with pytest.raises(Unanswered), timings.asking("GetTask", Refused):
        raise Unanswered
    assert counts(registry) == {
        (BUS_OPERATIONS.name, "gateway", "nats", "publish", "INTAKE", ""): 1,
        (BUS_OPERATIONS.name, "gateway", "nats", "publish", "INTAKE", "Unanswered"): 1,
        (BUS_PROCESSING.name, "gateway", "nats", "REPORTS", ""): 1,
        (BUS_QUESTIONS.name, "gateway", "LookUp", "answered"): 1,
        (BUS_QUESTIONS.name, "gateway", "GetTask", "refused"): 1,
        (BUS_QUESTIONS.name, "gateway", "GetTask", "unanswered"): 1,
    }


def test_what_its_caller_gave_up_is_not_told():
    registry = CollectorRegistry()
    with pytest.raises(asyncio.CancelledError), Timings("gateway", registry).asking("LookUp", Refused):
        raise asyncio.CancelledError
    assert counts(registry) == {}


def test_a_duration_is_in_every_bucket_from_its_own_on():
    registry = CollectorRegistry()
    timings = Timings("spooler", registry)
    for _ in range(2):
        with timings.processing("INTAKE"):
            pass
    (family,) = [
        each for each in text_string_to_metric_families(written([registry])[0].decode()) if each.name == BUS_PROCESSING.name
    ]
    within = {each.labels["le"]: each.value for each in family.samples if "le" in each.labels}
    assert within["10.0"] == within["+Inf"] == 2
    assert 0 < next(each.value for each in family.samples if each.name.endswith("_sum")) < 2 * 10


def test_services_of_one_process_tell_the_same_metric_once_each_with_its_own_name():
    registries = [CollectorRegistry(), CollectorRegistry()]
    for service, registry in zip(("gateway", "spooler"), registries, strict=True):
        with Timings(service, registry).asking("LookUp", Refused):
            pass
    assert {labels[1] for labels in counts(*registries)} == {"gateway", "spooler"}
    for accept in ("", "application/openmetrics-text"):
        assert written(registries, accept)[0].count(b"# TYPE bus_question_seconds histogram") == 1
