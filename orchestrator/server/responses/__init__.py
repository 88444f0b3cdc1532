"""Responses and conversations over the runs, messages and steps of the Assistants protocol."""
