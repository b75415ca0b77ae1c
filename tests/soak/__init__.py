"""A soak: writers, listeners that come and go, faults in between, and a naive model of what each listener must have got."""
