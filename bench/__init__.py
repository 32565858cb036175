"""How fast the product is beside what its database allows: `make bench`. Figures, never a verdict."""
