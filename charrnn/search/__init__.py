"""Searches over settings: a run for each combination."""
