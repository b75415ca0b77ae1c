"""Level 0: rows and their indexes, no behaviour. Imports nothing of X18."""
