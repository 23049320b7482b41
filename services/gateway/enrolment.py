"""`POST /enrol`: a machine outside shows its enrolment token, once, and is given all that an agent needs."""

import json

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from libs.contracts.agents import EnrolAgent
from libs.contracts.ids import token_digest
from libs.contracts.message import encode
from libs.contracts.queries import Code
from libs.runtime.bus import Refused, Unanswered
from services.gateway.auth import Throttled
from services.gateway.gateway import Gateway
from services.gateway.receiving import TooLarge, receive
from services.gateway.throttle import Tally, line_of

#: A token, a key and a number are short.
MOST = 16 * 1024
_STATUS = {Code.FORBIDDEN: 403, Code.CONFLICT: 409, Code.NOT_FOUND: 404}
_HEADERS = {"Cache-Control": "no-store"}


class Enrolment(BaseModel):
    """What the machine says. `key` is the public key of the nkey that it made for itself; `sn` is who it was before, if anybody."""

    model_config = ConfigDict(extra="ignore", strict=True)

    token: str = Field(min_length=20, max_length=200)
    key: str = Field(pattern=r"^U[A-Z2-7]{55}$")
    sn: str = Field("", pattern=r"^([A-Za-z0-9]{8})?$")


class EnrolRoute:
    """Only the token's digest goes further than this; what is wrong with a request is said without what was in it.

    `tries`: wrong tokens that one address may show in a minute.
    """

    def __init__(self, gateway: Gateway, tries: int) -> None:
        self._gateway = gateway
        self._tally = Tally(tries)

    async def __call__(self, request: Request) -> Response:
        line = line_of(request.client.host if request.client else "")
        if (wait := self._tally.wait(line)) > 0:
            throttled = Throttled(wait)
            return _no(429, str(throttled), **{"Retry-After": str(throttled.retry_after)})
        return await self._answer(request, line)

    async def _answer(self, request: Request, line: str) -> Response:
        try:
            said = Enrolment.model_validate_json(bytes(await receive(request, MOST)))
            query = EnrolAgent(region=self._gateway.region, digest=token_digest(said.token), key=said.key, sn=said.sn)
            answer = await self._gateway.bus.ask(query, timeout=10.0)
        except TooLarge:
            return _no(413, f"An enrolment has at most {MOST} bytes.")
        except ValidationError as error:
            wrong = ", ".join(sorted({str(problem["loc"][0]) if problem["loc"] else "the body" for problem in error.errors()}))
            return _no(400, f"Send JSON with token, key and (if it had one before) sn; wrong or missing: {wrong}.")
        except Refused as no:
            if no.code is Code.FORBIDDEN:
                self._tally.wrong(line)
            return _no(_STATUS.get(no.code, 503), no.message)
        except Unanswered:
            return _no(503, "The registry does not answer now: try again in a moment.")
        except ClientDisconnect:
            return Response(status_code=400)
        return JSONResponse(json.loads(encode(answer)), headers=_HEADERS)


def _no(status: int, message: str, **headers: str) -> Response:
    return JSONResponse({"message": message}, status, headers={**_HEADERS, **headers})
