"""Where a finished site goes."""
