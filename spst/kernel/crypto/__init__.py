"""Keys and ciphers. A key per dossier, wrapped by a key per tenant, wrapped by the root key; nothing here knows a room."""
