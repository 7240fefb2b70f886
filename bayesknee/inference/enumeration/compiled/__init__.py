"""The same sum for many patients, compiled."""
