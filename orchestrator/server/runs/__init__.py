"""Runs: their states, what carries them out, and the events they tell."""
