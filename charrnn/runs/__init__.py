"""What a run leaves behind: its folder, its checkpoints, and the model that is opened from one."""
