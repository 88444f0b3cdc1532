"""Renderings of plans and runs: values in, text, JSON or XML out. Nothing here reads, prints or decides."""
