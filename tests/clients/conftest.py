"""One server for the tests of a module: the official clients say all that they say to a real one."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from demo.printers.port import Port
from tests.clients.documents import colourful
from tests.clients.partner import Partner, partner
from tests.clients.tenancy import Tenancy
from tests.integration.installation import installation
from tests.integration.receiver import Receiver, receiving


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def receiver() -> AsyncIterator[Receiver]:
    """Who hears Webprinter's callbacks."""
    async with receiving() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tenancy(tmp_path_factory, receiver) -> AsyncIterator[Tenancy]:
    """A server with two `file` printers and a furnished tenant."""
    folder = tmp_path_factory.mktemp("graph")
    printers = [f"file://{folder}/paper?name=Paper", f"file://{folder}/other?name=Other"]
    with Port() as https:
        engines = {"CONVERTER_ENGINES": '["text", "pdf"]', "HTTPS_PORT": str(https.number)}
        async with installation(folder, printers, CALLBACK_URL=receiver.url, SUBSCRIPTION_HTTP="true", **engines) as server:
            await server.start()
            await server.device("Paper")
            await server.device("Other")
            made = Tenancy(server, secure=f"https://localhost:{https.number}")
            await made.furnish()
            yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def receiving_partner() -> AsyncIterator[Partner]:
    """The partner's own web application."""
    async with partner() as made:
        yield made


@pytest.fixture(scope="module")
def document() -> bytes:
    """A PDF of two pages in colours, large enough for several ranges."""
    return colourful()
