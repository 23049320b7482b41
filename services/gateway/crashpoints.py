"""The gateway's crash points (`PRINTBUS_CRASHPOINT`)."""

CRASHPOINTS = (
    "gateway-after-document",  # a document is in the store, no task names it
    "gateway-after-reserved",  # an idempotency key has its ids, there is no task
    "gateway-after-stored",  # the task is durable, its client has no answer
    "gateway-after-piece",  # a piece of an upload is stored, nobody was told
    "gateway-after-joined",  # all bytes of an upload are stored as one, nobody was told
)
