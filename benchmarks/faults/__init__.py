"""Faults under load, with every list compared: ``python -m benchmarks.faults``."""
