"""From bytes to characters: encodings, line ends, normal forms, escapes."""
