"""Character-level recurrent language models: train, sample, evaluate, measure."""

__version__ = "0.1.0"
