"""P(conditions, risk factors) before any finding."""
