"""Lists of posts: home, explore, a user's."""
