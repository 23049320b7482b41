"""What the door takes and gives, for the published OpenAPI document."""
