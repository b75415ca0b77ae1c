"""Posts and what one does with them."""
