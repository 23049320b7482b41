"""Which alerts real faults make fire: those of `make faults`, which the page of runbooks names beside those of `make test`."""

from tests.integration.processes import NATS

#: What is done -> what tells it. An increase is over when its time is, which is longer than a test.
DONE = {
    "keys became readable for everybody": {"SecretExposed"},
    "bytes that are no message were put into a stream": {"DeadLetters"},
    "one agent spoke in the name of another": {"SpeaksForAnother"},
    "wrong tokens were shown, a hundred at a time": {"TokensRefused"},
    "one receiver said that it is gone for good, and another that it has no time": {"EndpointSwitchedOff", "WebhookQueueOld"},
}
#: Who is killed -> what tells it, and stops when it is back.
KILLED = {
    "registry": {"DirectoryBlind"},
    "spooler": {"LedgerNotChecked"},
    "converter": {"CanarySilent", "QueueDoesNotDrain"},
    "agent": {"PrintersUnreachable", "PrinterLineOld"},
    NATS: {"BusNotSeen"},
    "gateway": {"GatewayMissing"},
}
FIRED = set().union(*DONE.values(), *KILLED.values(), {"RequestsFail"})
