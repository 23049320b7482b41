"""Which subscription hears of which event, by what name, in which words."""

import json
from dataclasses import replace

import pytest

from libs.contracts.events import REMINDER, EndTask, NewTask
from libs.contracts.states import Stage
from libs.contracts.subscriptions import only_fetchable
from services.webhooks.graph.matching import notices, tenant_of
from services.webhooks.graph.notification import body, instant, kept
from tests.webhooks.events import CREATED, SN
from tests.webhooks.subscribing import BASE, fetchable, hooked, now, status, task, to_hooks, to_jobs

JOB = f"{SN}-000000000001"


def heard(subscription, *events):
    return [(each.change, each.id.removeprefix(JOB)) for event in events for each in notices(event, subscription)]


def life(**more):
    """A job from its beginning to its end, as its printer's subscribers may hear of it."""
    ready = {"fetchable_at": now(), **more}
    return [
        NewTask(region="local", task=task(1, **more), at=CREATED),
        status(1, Stage.FETCHABLE, 2, **ready),
        status(1, Stage.OUTGOING, 3, **ready),
        status(1, Stage.COMPLETED, 4, **ready),
        EndTask(region="local", task=task(1, Stage.COMPLETED, 4, **ready), at=CREATED),
    ]


def test_a_job_becomes_fetchable_once_however_often_it_is_told():
    assert set(heard(to_jobs("u"), *life(), fetchable(1))) == {("updated", ":1:fetchable")}
    assert heard(to_jobs("u"), fetchable(1, leg=2)) == [("updated", ":2:fetchable")]


def test_what_was_ready_before_the_subscription_is_not_news():
    assert heard(to_jobs("u"), *life(fetchable_at=now() - 3_600_000)) == []


def test_without_a_filter_every_version_of_a_job_is_one_update():
    updates = [("updated", ":1:2"), ("updated", ":1:3"), ("updated", ":1:4"), ("updated", ":1:4")]
    assert heard(to_jobs("u", query=None), *life()) == updates


def test_beginning_and_end_are_told_to_whoever_asks_for_them():
    found = heard(to_jobs("u", query=None, changes="created, deleted"), *life())
    assert found == [("created", ":1:created"), ("deleted", ":1:deleted")]


def test_jobs_are_told_to_their_printers_subscribers_and_to_those_of_all():
    assert heard(to_jobs("u", printer="another"), *life()) == []
    assert heard(to_jobs("u", agent="somebody"), *life()) == []
    assert heard(to_jobs("u", agent="", printer=""), *life())
    assert heard(to_jobs("u", tenant="another"), *life()) == []
    assert heard(to_jobs("u", agent="", printer=""), *life(printer="")) == []


def test_a_hook_is_told_to_its_own_application_alone():
    assert notices(hooked(1), to_hooks("u"))
    assert not notices(hooked(1, app="another"), to_hooks("u"))
    assert not notices(hooked(1), to_hooks("u", definition="another"))
    assert not notices(fetchable(1), to_hooks("u"))


def test_a_reminder_is_told_to_the_application_once_more_and_to_nobody_else():
    reminder = replace(hooked(1), occasion=REMINDER)
    first, again = notices(hooked(1), to_hooks("u")) + notices(reminder, to_hooks("u"))
    assert (again.change, again.id != first.id) == (first.change, True)
    everything = to_jobs("u", agent="", printer="", query=None)
    assert heard(everything, hooked(1))
    assert heard(everything, reminder) == []


@pytest.mark.parametrize("text", ["$filter = isFetchable eq true", "$filter=isFetchable eq true", " $FILTER=ISFETCHABLE  EQ TRUE "])
def test_the_filter_is_understood_with_and_without_spaces(text):
    assert only_fetchable(text)
    assert not only_fetchable(text.lower().replace("true", "false"))


def test_a_subject_says_whose_event_it_is():
    assert {tenant_of(event.subject) for event in (*life(), hooked(1), fetchable(1))} == {"main"}
    assert tenant_of("device.local.main.a.b.state") == ""


def test_the_same_notification_has_the_same_id_and_says_what_the_subscription_says_now():
    one = to_hooks("u")
    (notice,) = notices(hooked(1, leg=2), one)
    text = kept(hooked(1, leg=2), notice, one)
    assert "secret" not in text
    first, again = (json.loads(body(text, each, lambda _: {}))["value"][0] for each in (one, to_hooks("u", id=one.id, state=None)))
    assert first["id"] == again["id"]
    assert (first["clientState"], again["clientState"]) == ("secret", None)
    assert first["resourceData"]["parentUrl"].startswith(f"{BASE}/print/printers/")
    assert first["resourceData"]["parentUrl"].endswith(f"/jobs/{JOB}.2")


def test_times_have_a_fraction_only_where_there_is_one():
    assert instant(1_700_000_000_000) == "2023-11-14T22:13:20Z"
    assert instant(1_700_000_000_120) == "2023-11-14T22:13:20.120Z"
