"""The files that make up a text: folders, formats, parts by name, weights."""
