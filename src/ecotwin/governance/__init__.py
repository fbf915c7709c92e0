"""Who may, and who can prove it: access, ledger, checkpoint."""
