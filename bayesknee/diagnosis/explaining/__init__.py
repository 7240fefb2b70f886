"""Why: the ledger, what would change it, how far to trust it."""
