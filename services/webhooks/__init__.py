"""The webhook dispatcher: tells receivers over HTTP what happens to tasks, in order, and remembers what it told."""
