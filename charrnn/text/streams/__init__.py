"""Parallel streams of a text, cut into chunks; lists come in a new order in each epoch."""
