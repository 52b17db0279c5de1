"""What builds leave for the next one, in `.runreport` beside the spec; nothing depends on it."""
