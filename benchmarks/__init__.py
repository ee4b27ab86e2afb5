"""How fast Vires is, as ratios to what it cannot do without, measured in one run on this machine."""
