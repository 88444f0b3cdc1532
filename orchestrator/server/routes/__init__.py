"""One module per resource of the API; each gives its endpoints as a list in `ENDPOINTS`."""
