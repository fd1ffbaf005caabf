"""The cells: one file each, with nothing but the mathematics of a time step and what other code needs to know about it.

`charrnn/docs/add-a-cell.md` says how to add one.
"""
