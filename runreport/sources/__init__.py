"""Where runs are read from: one file or small folder per source."""
