"""Mutated good files and files that were made to do harm: each ends in a Dataset or in one sentence."""
