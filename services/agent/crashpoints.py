"""The agent's crash points (`PRINTBUS_CRASHPOINT`): between each pair of the journal's steps, before and after the effect."""

CRASHPOINTS = (
    "agent-before-taken",  # orders are read, the journal does not have them
    "agent-after-taken",  # they are in the journal, not acknowledged
    "agent-after-acknowledged",  # they are acknowledged, nothing is begun
    "agent-before-intent",
    "agent-after-intent",  # nothing is asked of the printer yet
    "agent-before-created",  # the held job exists, its number is not in the journal
    "agent-after-created",
    "agent-mid-document",  # some of the bytes have left
    "agent-before-sent",  # the held job has all its data, the journal does not say so
    "agent-after-sent",
    "agent-before-releasing",  # ipp: the job exists without data; socket: the connection stands
    "agent-after-releasing",  # past the point of no return, nothing has left yet
    "agent-file-written",  # file: the temporary file is on disk under no name of its own
    "agent-before-released",  # the printer has everything, the journal does not say so
    "agent-after-released",
    "agent-before-done",  # it is on paper, the journal does not say so
    "agent-after-done",  # the journal says so, nobody was told
    "agent-after-reported",  # told, and not yet struck off the outbox
)
