"""A text as numbers: read, encoded, split, and cut into batches."""
