"""Registration, log-in, sessions. May import ``users`` and what is below it."""
