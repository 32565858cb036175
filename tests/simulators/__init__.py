"""The stand-ins of the national services, judged by clients that were not written with them."""
