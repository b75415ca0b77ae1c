"""Symbols as traders watch them: a user's watchlist, what trends, the page of a symbol, completion, and whom to follow."""
