"""FranceConnect+: log-in of travailleurs, at the level substantial or high."""
