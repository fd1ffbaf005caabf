"""Where numbers are kept and computed: arrays, the array module of a device, processors."""
