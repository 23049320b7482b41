"""The dispatcher's crash points (`PRINTBUS_CRASHPOINT`): at each step from a subscription to the record of an answer."""

#: Where an application subscribes.
SUBSCRIBING = (
    "webhooks-after-handshake",  # the receiver echoed the token, there is no subscription
    "webhooks-after-subscribed",  # there is one, its application has no answer
)
#: Between the stream and the record of an answer.
TELLING = (
    "webhooks-before-insert",  # events are read, no delivery exists
    "webhooks-after-insert",  # deliveries exist, the events are not acknowledged
    "webhooks-before-ack",  # the receiver said yes, nobody has written it down
    "webhooks-before-record",  # a failed attempt, or a group of answers, is about to be written down
    "webhooks-after-record",  # it is written down, nothing follows yet
)
#: Until when a subscription lives.
RENEWING = (
    "webhooks-after-renewed",  # it has its new end, its application has no answer
    "webhooks-after-expired",  # it has ended, what it is told last lies in its queue
)
CRASHPOINTS = (*SUBSCRIBING, *TELLING, *RENEWING)
