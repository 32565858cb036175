"""The OpenID Connect provider that an SPST has of its own: one client per SPST that registered one."""
