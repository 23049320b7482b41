"""What the published OpenAPI document allows, and what it forbids, is asked of a running server: no fault, no hang, no surprise."""

import asyncio

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from services.gateway.openapi import openapi_document
from tests.integration.installation import installation

#: What a client asks; the addresses of pages, agents and services have tests of their own.
ASKED = {"/openapi": 90, "/openapi/sendTmpFile": 25, "/documents/{token}": 15, "/healthz": 3, "/readyz": 3}
#: Seconds that an answer may take; each question behind the door has 5 s at most.
PATIENCE = 15
CHECKS = (status_code_conformance, content_type_conformance, response_schema_conformance)


def explore(url: str, token: str, path: str, examples: int) -> int:
    """Ask one address so many times; how many answers there were."""
    schema = schemathesis.openapi.from_dict(openapi_document())
    operation = next(each.ok() for each in schema.get_all_operations() if each.ok().path == path)
    modes = [operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    answers = []

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(modes) if path.startswith("/openapi") else modes[0])
    def ask(case: schemathesis.Case) -> None:
        answer = case.call(base_url=url, headers={"Api-Access-Token": token}, timeout=PATIENCE)
        assert answer.status_code < 500 or answer.status_code == 503, (answer.status_code, answer.text, case.body)
        case.validate_response(answer, checks=CHECKS)
        answers.append(answer.status_code)

    ask()
    return len(answers)


@pytest.mark.timeout(240)
async def test_no_request_that_can_be_made_of_the_document_is_a_fault(tmp_path):
    async with installation(tmp_path, [f"file://{tmp_path}/paper?name=Paper"], CONVERTER_ENGINES='["text"]') as server:
        await server.start()
        await server.device("Paper")
        for path, examples in ASKED.items():
            assert await asyncio.to_thread(explore, server.url, server.token, path, examples) > 0
        assert "command failed" not in server.log.read_text()
