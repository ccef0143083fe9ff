"""Is it still true? Scrubbing, freshness and status: reading the zone, never changing it. No Dagster."""
