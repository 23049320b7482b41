"""Real printers without paper: processes of CUPS that tests, the demo and the benchmark print to."""
