"""Blocks to pages: encoders, themes, figures, Markdown, site, verifier."""
