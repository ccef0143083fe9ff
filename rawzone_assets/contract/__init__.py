"""What counts as valid: bytes in, findings out. Nothing here writes, and nothing here knows Dagster."""
