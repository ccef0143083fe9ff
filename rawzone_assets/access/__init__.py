"""Reading: which objects there are, and their exact bytes. Nothing here writes, and nothing knows Dagster."""
