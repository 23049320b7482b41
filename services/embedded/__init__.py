"""Everything in one process beside a nats-server that is started here, and what must be there before it starts."""
