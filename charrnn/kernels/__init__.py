"""How a network is computed: the same operations from readable to fast."""
