"""The spooler's crash points (`PRINTBUS_CRASHPOINT`), beside those of every commit."""

CRASHPOINTS = ("spooler-before-answer",)  # what a door commanded is saved with what follows from it, and the door has no answer
