"""How good a model is: its loss on a text, beside baselines and other runs, and the quality of its own text."""
