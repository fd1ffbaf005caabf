"""What is learned and what is held out: texts, lists and records of any size."""
