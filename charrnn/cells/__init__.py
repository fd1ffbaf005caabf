"""The cells: one file each, with nothing but the mathematics of a time step and what others need to know of it.

`charrnn/docs/add-a-cell.md` says how to add one.
"""
