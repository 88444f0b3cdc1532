"""The scenario runner: it plays scripted conversations over `providers/interface.py` and judges what came back."""
