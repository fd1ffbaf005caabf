"""Sweeps: searches over settings that train a run for each combination."""
