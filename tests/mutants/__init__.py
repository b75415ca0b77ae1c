"""Protections taken out one at a time, to see which test notices: ``python -m tests.mutants``, or ``make mutants``.

No part of the suite: it takes minutes and proves nothing about the product that the suite does not. It proves something about the suite.
"""
