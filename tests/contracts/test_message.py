"""Messages to bytes and back, and what they are called on the bus."""

import pytest

from libs.contracts.devices import DeviceType
from libs.contracts.documents import INLINE_LIMIT, Document, Format, Inline, Remote, Stored
from libs.contracts.events import EndTask, TaskEvent, UpdateTaskStatus
from libs.contracts.intake import SubmitTasks
from libs.contracts.message import Undecodable, decode, encode
from libs.contracts.reports import TaskPrinted, TaskReports
from libs.contracts.states import Stage, State, Status
from libs.contracts.tasks import PrinterRef, TaskRequest, TaskView
from libs.contracts.tickets import Media, Sides, Ticket


def view(**changes) -> TaskView:
    given = {
        "id": "agentAAA-000000000001",
        "name": "Task001",
        "tenant": "main",
        "sn": "agentAAA",
        "version": 7,
        "stage": Stage.COMPLETED,
        "state": State.COMPLETED,
        "reason": "job-completed-successfully",
        "status": Status.FINISHED,
        "message": "",
        "device": "Paper",
        "device_type": DeviceType.PRINTER,
        "agent": "agentAAA",
        "source": "CLIENT_OPENAPI",
        "from_os": "linux",
        "created_at": 1,
    }
    return TaskView(**{**given, **changes})


def request(content) -> TaskRequest:
    ticket = Ticket(copies=2, sides=Sides.TWO_SIDED_LONG_EDGE, media=Media(21000, 29700), page_ranges=((1, 2), (4, 4)))
    document = Document(Format.PDF, content)
    return TaskRequest("agentAAA-1", "名前", PrinterRef("agentAAA", "p", "Paper"), document, ticket)


@pytest.mark.parametrize(
    "content",
    [Inline(bytes(range(256)) * (INLINE_LIMIT // 256)), Stored("main/t/source", 9000, "0" * 64), Remote("example.org", "c2VhbGVk")],
    ids=lambda content: content.kind,
)
def test_a_message_is_the_same_after_its_way(content):
    message = SubmitTasks(
        region="local",
        tenant="main",
        sn="agentAAA",
        submission="agentAAA-1",
        source="CLIENT_OPENAPI",
        from_os="linux",
        tasks=(request(content),),
    )
    assert decode(SubmitTasks, encode(message)) == message
    assert message.subject == "intake.local.main.agentAAA"
    assert message.id == "agentAAA-1"


def test_a_union_is_told_apart_by_its_kind():
    end = EndTask(region="local", task=view(), at=5)
    update = UpdateTaskStatus(region="local", task=view(), old_status=Status.PRINTED, new_status=Status.FINISHED, at=5)
    assert decode(TaskEvent, encode(end)) == end
    assert decode(TaskEvent, encode(update)) == update
    assert end.subject == "task.end.local.main.agentAAA.agentAAA-000000000001"
    assert (end.id, update.id) == ("agentAAA-000000000001:7:end", "agentAAA-000000000001:7:status")


def test_fields_that_nobody_knows_yet_are_ignored():
    data = encode(TaskPrinted(region="local", tenant="main", agent="agentAAA", task="t", attempt=1))
    grown = data.replace(b'"task":"t"', b'"task":"t","colour":"blue"')
    assert decode(TaskReports, grown) == decode(TaskReports, data)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"kind":"Unheard"}', b'{"kind":"TaskPrinted","region":5}', b"\xff\xfe"])
def test_what_is_not_a_message_is_undecodable_and_not_repeated(data):
    with pytest.raises(Undecodable) as error:
        decode(TaskReports, data + b"secret" if data.startswith(b"{") else data)
    assert "secret" not in str(error.value)


def test_an_undecodable_message_names_the_field_and_not_its_content():
    data = encode(TaskPrinted(region="local", tenant="main", agent="agentAAA", task="t", attempt=1))
    with pytest.raises(Undecodable, match=r"TaskPrinted\.attempt: int_parsing") as error:
        decode(TaskReports, data.replace(b'"attempt":1', b'"attempt":"secret"'))
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("word", ["", "a.b", "*", ">", "a b", "a\r\nPUB x 0", "a\t", "a*", "\u2028"])
def test_a_field_that_leads_into_anothers_subjects_cannot_be_published(word):
    for message in (
        TaskPrinted(region="local", tenant="main", agent=word, task="t", attempt=1),
        EndTask(region="local", task=view(sn=word), at=5),
    ):
        with pytest.raises(ValueError, match=r"each field of .* must be one word"):
            assert message.subject
