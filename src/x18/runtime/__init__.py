"""Running the process: embedded servers, start and stop, health. Beside the levels; known only to ``app`` and ``__main__``."""
