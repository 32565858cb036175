"""Flask plumbing: guards, errors, forgery tokens, filters, and what a session loader must offer."""
