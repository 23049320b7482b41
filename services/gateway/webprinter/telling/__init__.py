"""Tasks, devices and printers in the words of the protocol."""
