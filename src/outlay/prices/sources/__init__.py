"""Price sources: one file each, found by its name (see `docs/add-a-price-source.md`)."""
