"""The registry's crash points (`PRINTBUS_CRASHPOINT`)."""

CRASHPOINTS = (
    "registry-after-registered",  # an application's printer is saved with its news, and nobody was told
    "registry-after-devices",  # what an agent said of its devices is saved, its report comes again
    "registry-after-told",  # the directory and the stream have the news, the database does not say so
)
