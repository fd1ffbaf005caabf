"""Character-level recurrent language models: train, sample, evaluate, measure."""

__version__ = "0.2.0.dev0"
