"""Evidence-grade comparison of machine-learning runs, as a static site."""

__version__ = "0.1.0"
