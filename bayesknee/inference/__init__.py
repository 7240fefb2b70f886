"""Inference: from a network and a patient to probabilities."""
