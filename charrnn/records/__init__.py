"""Recorded results of runs and sweeps; the tables of the documentation are made from them."""
