"""The spooler's crash points (`PRINTBUS_CRASHPOINT`), beside those of every commit."""

CRASHPOINTS = (
    "spooler-before-answer",  # what a door commanded is saved with what follows from it, and the door has no answer
    "spooler-after-forgotten",  # tasks of long ago are out of the database, their documents are in the store
)
