"""Mail submission, on the wire."""
