"""Measurements of X18 itself: real code, real servers, on data of a known shape. See ``README.md``."""
