"""From text to model: everything between a YAML file and a resolved `Project`, and every message to its author."""
