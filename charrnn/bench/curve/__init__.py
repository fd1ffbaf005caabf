"""Loss against time: charrnn and a rival learn the same text, alternating in stretches of the training.

measure.py        the recipe for both sides, and the report
turns.py          runs the worker processes in turn, and evaluates their weights
worker.py         the worker process, and charrnn's side
torch_learner.py  PyTorch's side
"""
