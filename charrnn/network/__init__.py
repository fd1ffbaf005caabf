"""The network: its shape, its computation forward and backward, its regularization."""
