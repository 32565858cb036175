"""Key stores: where wrapped keys are kept, outside the database and its dumps (port `kernel.crypto.keyring.KeyStore`)."""
