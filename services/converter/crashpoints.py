"""The converter's crash points (`PRINTBUS_CRASHPOINT`)."""

CRASHPOINTS = (
    "converter-before-engine",  # the document is at hand, no engine has it
    "converter-before-report",  # the document is made and stored, nobody was told
    "converter-after-report",  # it is told, and its order comes again
)
