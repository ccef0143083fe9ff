"""Is it still true, and kept as it should be? Scrub, status, alerts; repair, archive, erasure. No Dagster."""
