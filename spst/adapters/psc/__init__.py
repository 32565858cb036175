"""Pro Santé Connect: log-in of professionals (arrêté of 4 April 2022)."""
