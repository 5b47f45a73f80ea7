"""Text to vector, one file for each source."""
