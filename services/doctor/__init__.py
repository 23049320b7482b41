"""`doctor`: what is looked at on the machine and on the bus, and what to do about it."""
