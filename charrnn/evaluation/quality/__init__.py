"""The quality of a model's own text, beside real text."""
