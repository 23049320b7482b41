"""CUPS queues: the held-job protocol, options, and the device behind a queue, which knows better than CUPS."""
