"""A search over settings: plan.py reads its file, trials.py makes runs of it, jobs.py trains them, grid.py
makes a table of cells."""
