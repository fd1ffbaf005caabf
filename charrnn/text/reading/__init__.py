"""Reading a text in blocks, as the settings of a run say."""
