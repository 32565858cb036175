"""OpenID Connect as a client: what Pro Santé Connect and FranceConnect+ share."""
