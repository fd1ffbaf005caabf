"""What a text is like: a list or a text, its held-out part beside the rest, its known records."""
