"""What builds leave for the next one, in `.runreport` beside the spec; nothing depends on it."""

NAME = ".runreport"
"""The folder's."""
