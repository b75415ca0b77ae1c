"""Profiles and follows. May import ``media``, ``realtime``, ``core``, ``tables``."""
