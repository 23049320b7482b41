"""The schema that `$metadata` tells: whole in itself, and what the door really tells."""

from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from libs.contracts.definitions import DefinitionView, TriggerView
from libs.contracts.fleet import ConnectorView, OperationView, ShareView
from libs.contracts.people import Person
from libs.contracts.states import Stage
from libs.contracts.subscriptions import SubscriptionView, Topic
from libs.contracts.usage import ArchivedJob, UsageView
from services.gateway.graph.entities.connector import connector_entity
from services.gateway.graph.entities.definition import definition_entity, trigger_entity
from services.gateway.graph.entities.documents import document_entity
from services.gateway.graph.entities.job import job_entity
from services.gateway.graph.entities.printer import LARGE, printer_entity
from services.gateway.graph.entities.share import share_entity
from services.gateway.graph.entities.subscription import subscription_entity
from services.gateway.graph.entities.task import task_entity
from services.gateway.graph.entities.usage import archived_entity, usage_entity
from services.gateway.graph.model import csdl
from services.gateway.graph.model.schema import ENUMS, OPERATIONS, TYPES, members
from services.gateway.graph.odata.query import Query
from services.gateway.graph.resources import metadata
from services.gateway.graph.resources.operations import operation_entity
from tests.gateway.graph.calling import BASE, a_printer, application, graph
from tests.gateway.graph.jobs import a_hook, a_job

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
PRINTER = a_printer(registered_at=1, connector="c1")
SHARE = ShareView(id="s1", tenant="main", name="Office", printer=PRINTER, users=("u",), used_at=5, created_at=4)
WHOLE = Query(select=LARGE)
CALL = SimpleNamespace(gateway=SimpleNamespace(directory=SimpleNamespace(application=lambda *_: None)))
DEFINITION = DefinitionView(id="d1", tenant="main", app="a", name="Release")
TOLD = {
    "printer": lambda: printer_entity(PRINTER, WHOLE),
    "printerShare": lambda: share_entity(SHARE, WHOLE),
    "printJob": lambda: job_entity(a_job(), BASE),
    "printDocument": lambda: document_entity(a_job()),
    "printTask": lambda: task_entity(a_hook(), BASE),
    "printTaskDefinition": lambda: definition_entity(CALL, DEFINITION),
    "printTaskTrigger": lambda: trigger_entity(CALL, TriggerView(id="t1", printer="p1", definition=DEFINITION)),
    "printConnector": lambda: connector_entity(ConnectorView(id="c1", sn="abcd1234", name="Berlin", registered_at=3)),
    "printerCreateOperation": lambda: operation_entity(
        OperationView(id="o1", tenant="main", created_at=1, state="succeeded", printer=PRINTER)
    ),
    "printUsageByPrinter": lambda: usage_entity(UsageView(date="2026-01-01", agent="a", printer="p", printer_name="Office")),
    "printUsageByUser": lambda: usage_entity(UsageView(date="2026-01-01", user=Person("u", "anna"))),
    "archivedPrintJob": lambda: archived_entity(
        ArchivedJob(task="t", leg=1, stage=Stage.COMPLETED, agent="a", printer="p", printer_name="Office", created_at=1), {}
    ),
    "subscription": lambda: subscription_entity(
        SubscriptionView(
            id="s",
            tenant="main",
            app="a",
            creator="c",
            topic=Topic.JOBS,
            resource="r",
            changes="updated",
            url="u",
            expires=9,
            base=BASE,
            token_audience="a",
        )
    ),
}
PLAIN = {"boolean": bool, "int32": int, "int64": int, "double": (int, float)}


def check(told, name):
    """Every property is there, no other is, and each is of its type."""
    known = members(name)
    below = {each: one for each, one in known.items() if one.leads}
    given = {each for each in told if not each.startswith("@")}
    assert given - set(below) == set(known) - set(below), name
    for each, value in told.items():
        if each in known:
            check_value(value, known[each], f"{name}.{each}")


def check_value(value, one, place):
    if value is None:
        assert one.nullable, place
    elif one.many:
        assert isinstance(value, list), place
        for each in value:
            check_value(each, replace(one, many=False), place)
    elif one.type in ENUMS:
        assert value in ENUMS[one.type], place
    elif one.type in TYPES:
        check({**dict.fromkeys(("defaults", "capabilities")), **value} if one.leads else value, one.type)
    else:
        assert isinstance(value, PLAIN.get(one.type, str)), place
        assert one.type != "dateTimeOffset" or value.endswith("Z"), place


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_is_what_is_described(name):
    check(TOLD[name](), name)


def test_every_type_that_is_named_is_described():
    root = ET.fromstring(csdl.document())
    assert root.get("Version") == "4.0"
    described = {each.get("Name") for kind in ("EntityType", "ComplexType", "EnumType") for each in root.iter(f"{EDM}{kind}")}
    assert len(described) == len(ENUMS) + len(TYPES)
    for each in root.iter():
        for attribute in ("Type", "BaseType", "EntityType"):
            name = each.get(attribute, "").removeprefix("Collection(").rstrip(")")
            assert not name or name.startswith("Edm.") or name.removeprefix("microsoft.graph.") in described, name
    assert {each.name for each in OPERATIONS} >= {"create", "start", "redirect", "createUploadSession", "reauthorize"}
    assert all(each.get("OpenType") for each in ET.fromstring(csdl.document(beta=True)).iter(f"{EDM}EntityType"))


async def test_the_door_tells_it_and_where_to_begin(tmp_path):
    async with graph(tmp_path, modules=[metadata], who=application("Printer.Read.All")) as door:
        for address in ("", "/"):
            told = await door.get(address)
            assert list(told) == ["@odata.context", "value"]
            assert told["@odata.context"] == f"{BASE}/v1.0/$metadata"
            assert {"name": "print", "kind": "Singleton", "url": "print"} in told["value"]
        answer = await door.call("GET", "$metadata")
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "application/xml")
        assert answer.content == csdl.document()
        door.who = None
        assert (await door.call("GET", "$metadata")).status_code == 401
