"""The Agents facade: reusable agents and sessions over the same store, models and runs as the Assistants one."""
