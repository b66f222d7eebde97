"""The work that goes on behind the screens: due rows, lanes and sweeps. Imports tocsin and tocsin_providers."""
