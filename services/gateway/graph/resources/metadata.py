"""What there is at this door: the service document and the schema (OData 4.0 part 1, 11.1)."""

import json

from services.gateway.graph.call import Answer, Call, Plain, Route
from services.gateway.graph.http.replies import MEDIA_TYPE
from services.gateway.graph.model import csdl


async def service_document(call: Call) -> Answer:
    """What the addresses begin with."""
    told = {"@odata.context": f"{call.base}/$metadata", "value": list(csdl.roots())}
    return Plain(json.dumps(told).encode(), MEDIA_TYPE)


async def metadata(call: Call) -> Answer:
    """The types of everything that is told, as CSDL."""
    return Plain(csdl.document(beta=call.beta), csdl.MEDIA_TYPE)


ROUTES = (
    Route("GET", "", service_document),
    Route("GET", "$metadata", metadata),
)
