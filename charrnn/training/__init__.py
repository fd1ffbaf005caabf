"""How a network learns: the loop, one update, the optimizer, the learning rate, the budget."""
