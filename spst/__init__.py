"""The dossier médical en santé au travail (DMST), for the services that keep it."""
