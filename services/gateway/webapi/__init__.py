"""The door for browser pages (webprinter.md section 4): WebSocket and long-poll, local or relayed, over one kind of session."""
