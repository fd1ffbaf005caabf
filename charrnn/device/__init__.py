"""Where numbers are stored and computed: arrays, the array module of a device, processors."""
