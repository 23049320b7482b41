"""The gateway's crash points (`PRINTBUS_CRASHPOINT`)."""

CRASHPOINTS = ("gateway-after-stored",)  # the task is durable, its client has no answer
