"""How fast signkit is, as ratios within one run: ``python -m benchmarks``.

A ratio compares two things that were measured in turn, on one machine, in one run; it says the same on a slow machine
as on a fast one. Each module has a function ``measure(rounds)`` that returns rows.
"""
