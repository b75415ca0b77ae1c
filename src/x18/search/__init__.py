"""Finding users, posts and hashtags."""
