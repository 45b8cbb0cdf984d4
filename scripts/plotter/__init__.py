"""Draws CSV files: one module per kind of file, recognised by its columns."""
