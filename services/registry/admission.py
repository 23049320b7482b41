"""Agents outside ask to be let in, and for credentials that last longer."""

import asyncio

from libs.contracts.agents import EnrolAgent, Enrolled, RenewCredentials, Renewed
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry import enrolment
from services.registry.change import now
from services.registry.enrol import Unfit
from services.registry.registry import Registry
from services.registry.signing import Signer


async def enrol_agent(registry: Registry, query: EnrolAgent) -> Enrolled:
    """Who shows a good enrolment token is an agent from now on."""
    signer = _signer(registry)
    if not registry.outside.urls:
        message = "This server lets no agents in from outside: set PRINTBUS_NATS_TLS_PORT or PRINTBUS_NATS_WEBSOCKET_PORT."
        raise Refused(Code.CONFLICT, message)
    try:
        agent = await enrolment.redeem(registry.store, query.digest, query.key, query.sn, now() + signer.lifetime * 1000)
    except Unfit as reason:
        raise Refused(Code.FORBIDDEN, str(reason)) from None
    registry.herald.wake()
    jwt, _ = await asyncio.to_thread(signer.sign, agent, query.key)
    ca = await asyncio.to_thread(registry.outside.certificate)
    return Enrolled(
        sn=agent.sn, tenant=agent.tenant, shard=agent.shard, region=query.region, jwt=jwt, urls=registry.outside.urls, ca=ca
    )


async def renew_credentials(registry: Registry, query: RenewCredentials) -> Renewed:
    """A JWT that lasts longer, for an agent that is still welcome."""
    signer = _signer(registry)
    try:
        agent = await enrolment.renew(registry.store, query.tenant, query.agent, query.key, now() + signer.lifetime * 1000)
    except Unfit as reason:
        raise Refused(Code.FORBIDDEN, str(reason)) from None
    jwt, _ = await asyncio.to_thread(signer.sign, agent, query.key)
    return Renewed(jwt=jwt)


def _signer(registry: Registry) -> Signer:
    if registry.signer is None:
        raise Refused(Code.FAULT, "This server has no key to sign agents' credentials with: run `python -m services provision`.")
    return registry.signer
