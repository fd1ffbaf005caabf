"""What recorded runs and searches reached; the documentation's tables are made from them."""
