"""Loss against time: charrnn and a rival learn the same text, in alternating pieces."""
