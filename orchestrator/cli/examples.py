"""The examples at the end of a command's help."""


def examples(*commands: str) -> str:
    """Give the text for the end of a help page: a heading, then one command a line."""
    return "\n".join(["\b", "Examples:", *(f"  {command}" for command in commands)])  # "\b": click keeps the lines
