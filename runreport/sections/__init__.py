"""One file per kind of section."""
