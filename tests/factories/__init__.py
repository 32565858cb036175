"""Things that tests need, made plausible: two SPSTs, their staff, a few workers and their dossiers."""
