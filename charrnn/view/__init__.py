"""Output for people and logs: one file for each command, and what these files share."""
