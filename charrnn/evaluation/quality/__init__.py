"""How good a model's own text is, compared with real text.

report.py    samples texts and measures them and the held-out text
copies.py    passages copied from the training text
language.py  words, lines and brackets
"""
