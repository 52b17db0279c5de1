"""What public functions answer to the reference cases, by kind."""
