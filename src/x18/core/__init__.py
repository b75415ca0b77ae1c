"""Level 1: small tools without product knowledge. May import ``tables``."""
