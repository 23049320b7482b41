"""What runs inside a LibreOffice lane, under the system's own Python; the service never imports it."""
