"""Files, vector stores and the search in them."""
