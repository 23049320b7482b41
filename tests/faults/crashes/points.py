"""Every crash point and the rows that kill a process there; what is killed in chains stands here with its passing."""

from services.agent.crashpoints import CRASHPOINTS as AGENT
from services.webhooks.crashpoints import SUBSCRIBING, TELLING

#: What `make test` tries; `:n` is a point's n-th passing, so that the start's own passes are left behind.
SHORT = (
    "commit-after-saved:7",
    "outbox-after-published:2",
    "agent-after-taken",
    "webhooks-before-ack:2",
)
#: The start after a kill is killed at the next point: what the one left behind is healed through the other. No chain is longer
#: than the tries of a conversion (5): an order that was with a converter at so many deaths in a row is given up, as poison is.
CHAINS = (
    SHORT,
    ("gateway-after-document", "gateway-after-reserved", "gateway-after-stored", "lease-after-claimed"),
    ("commit-before-saved:7", "commit-after-saved:9", "commit-before-acknowledged:2"),
    ("registry-after-told", "converter-before-engine", "converter-after-report", "registry-after-devices"),  # news come at first
    ("converter-before-report", "agent-before-taken", "agent-after-acknowledged", "agent-file-written"),
    ("agent-before-done", "agent-after-done", "agent-after-reported:2"),
    ("webhooks-before-insert", "webhooks-after-insert", "webhooks-after-record:2"),
)
CHAINED = "test_row_04_chains.py"
#: Point -> the test of a row that kills a process there.
FIRED: dict[str, str] = {
    **dict.fromkeys(AGENT, "agentpoints.py"),
    **dict.fromkeys(TELLING, "test_row_07_dispatcher_after_the_200.py"),
    **dict.fromkeys(SUBSCRIBING, "test_row_08_subscriptions.py"),
    **{point.partition(":")[0]: CHAINED for chain in CHAINS for point in chain if not point.startswith(("agent-", "webhooks-"))},
    "gateway-after-document": "test_row_02_gateway_before_publishing.py",
    "gateway-after-reserved": "test_row_01_gateway_before_its_answer.py",
    "gateway-after-stored": "test_row_01_gateway_before_its_answer.py",
    "gateway-after-piece": "test_row_02_journey.py",
    "gateway-after-joined": "test_row_02_journey.py",
    "spooler-before-answer": "test_row_02_journey.py",
    "spooler-after-forgotten": "test_row_02_gateway_before_publishing.py",
    "registry-after-registered": "test_row_08_registration.py",
    "webhooks-after-renewed": "test_row_08_subscriptions.py",
    "webhooks-after-expired": "test_row_08_subscriptions.py",
}
