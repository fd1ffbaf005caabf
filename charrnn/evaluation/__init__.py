"""How good a model is: its loss on a text, compared with baselines and other runs, and the quality of its own text."""
