"""Puts the parts of subscriptions together, as the settings say."""

from functools import partial
from ipaddress import ip_network
from ssl import SSLContext

from libs.runtime.database import Database
from libs.runtime.issuing import Issuer
from libs.runtime.traces import Tracing
from libs.runtime.vetting import Guard
from services.webhooks.admission import Admission
from services.webhooks.domain import Endpoint
from services.webhooks.graph import dialect
from services.webhooks.graph.desk import SubscriptionDesk, Terms
from services.webhooks.graph.lane import Correspondence, SubscriptionLane
from services.webhooks.graph.lifecycle import Lifecycle
from services.webhooks.graph.subscriptions import Subscriptions
from services.webhooks.graph.tokens import ValidationTokens
from services.webhooks.history import History
from services.webhooks.lane import Lane, Manner, Work
from services.webhooks.receiver import Receiver
from services.webhooks.recorder import Recorder
from services.webhooks.settings import WebhooksSettings
from services.webhooks.store import Store

ALLOWING = "PRINTBUS_WEBHOOK_ALLOW_NETWORKS"
#: What is on no public network, and yet no machine's own secrets (RFC 1918, RFC 4193, loopback).
PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128")))


class Subscribing:
    """What the dispatcher needs to serve subscriptions."""

    def __init__(self, opened: Database, settings: WebhooksSettings, context: SSLContext, tracing: Tracing) -> None:
        self.subscriptions = Subscriptions(opened)
        self.lifecycle = Lifecycle(opened, settings.subscription_reminder)
        self._settings = settings
        guard = guard_of(settings)
        self._receivers = partial(Receiver, context, settings.subscription_timeout, guard)
        self._manner = Manner(dialect, dialect.schedule(settings.subscription_schedule), tracing)
        self._correspondence = Correspondence(self.subscriptions, tokens_of(settings))
        terms = Terms(
            settings.subscription_limit,
            settings.subscription_timeout,
            settings.subscription_http,
            settings.graph_rich_notifications,
        )
        self.desk = SubscriptionDesk(
            self.subscriptions,
            self.lifecycle,
            History(opened),
            Admission({}, guard),
            receivers=self._receivers,
            terms=terms,
        )

    def lane(self, endpoint: Endpoint, store: Store, recorder: Recorder) -> Lane:
        """A lane for the queue of a subscription."""
        work = Work(self._manner, store, recorder, self._receivers)
        return SubscriptionLane(endpoint, work, parallel=self._settings.webhook_parallel, correspondence=self._correspondence)


def guard_of(settings: WebhooksSettings) -> Guard:
    """Where notifications may go: as clients' endpoints, and into private networks where the operator says so."""
    return Guard((*settings.webhook_allow_networks, *(PRIVATE if settings.subscription_http else ())), ALLOWING)


def tokens_of(settings: WebhooksSettings) -> ValidationTokens:
    """How notifications prove who sent them."""
    return ValidationTokens(Issuer(settings.keys_dir), settings.subscription_publisher)
