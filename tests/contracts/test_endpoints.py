"""What may be asked of the dispatcher: every question has its answer, and one subject of its service."""

import pytest

from libs.contracts.endpoints import ENDPOINT_ANSWER, AddEndpoint, DeviceFilter, EventKind, ListDeliveries
from libs.contracts.message import decode, encode
from libs.contracts.permissions import service_permissions
from libs.contracts.queries import ANSWER


@pytest.mark.parametrize("question", ENDPOINT_ANSWER, ids=lambda each: each.__name__)
def test_every_question_has_an_answer_and_belongs_to_the_dispatcher(question):
    assert ANSWER[question] is ENDPOINT_ANSWER[question]
    assert question.SUBJECT.startswith("query.{region}.webhooks.")


def test_the_gateway_may_ask_and_the_dispatcher_may_answer():
    assert "query.local.webhooks.>" in service_permissions("gateway", "local").publish
    there = service_permissions("webhooks", "local")
    assert "query.local.webhooks.>" in there.subscribe
    assert there.answers


def test_a_question_comes_back_from_bytes_as_it_was():
    asked = AddEndpoint(
        region="local", tenant="main", sn="jueKiUEE", url="https://a", kinds=(EventKind.END,), devices=(DeviceFilter("Label"),)
    )
    assert decode(AddEndpoint, encode(asked)) == asked
    assert asked.subject == "query.local.webhooks.add-endpoint"


def test_what_a_question_leaves_out_is_not_asked_for():
    found = decode(ListDeliveries, b'{"region":"local","tenant":"main","sn":"jueKiUEE","endpoint":"e"}')
    assert (found.state, found.task, found.since, found.limit) == (None, "", None, 20)
