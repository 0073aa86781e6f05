"""Frozen data and pure rules: what an envelope is, what the statements say, what a report says. No I/O, no clock."""
