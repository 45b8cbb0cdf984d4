"""Errors a user can cause; they print as one line and exit 2."""


class PlotError(Exception):
    """Bad input or environment: what is wrong, where, and what was expected."""
