"""Exact inference where conditions are too many to enumerate: noisy-OR findings and signs, tables that stay small."""
