"""The registry's crash points (`PRINTBUS_CRASHPOINT`)."""

CRASHPOINTS = ("registry-after-registered",)  # an application's printer is saved with its news, and nobody was told
