"""What orch knows: frozen values without I/O. Everything above this floor speaks in these words."""
