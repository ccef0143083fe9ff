"""Benchmarks: the same landing given to this project, to the fewest steps possible and to known tools.

Not part of the wheel. ``python -m benchmarks run`` measures; ``docs/performance.md`` tells what came out.
"""
