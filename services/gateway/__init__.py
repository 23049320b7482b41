"""The gateway: HTTP in; turns each protocol into commands and questions. It owns nothing durable."""
