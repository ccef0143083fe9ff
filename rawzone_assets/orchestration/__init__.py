"""WHEN: the zone as Dagster assets, checks, sensors and runs. The only package that imports Dagster. Thin."""
