"""What answers a run: one module per kind of model, all of them behind `interface.py`."""
