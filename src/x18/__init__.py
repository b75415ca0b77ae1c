"""X18: a real-time backend of a network for traders."""
