"""Overlay files: dated prices, percentages and deployments in TOML, for what no list knows or a contract changes."""
