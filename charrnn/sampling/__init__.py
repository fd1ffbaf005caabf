"""New text from a trained network: ids from probabilities, text from ids."""
