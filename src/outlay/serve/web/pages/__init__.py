"""Pages beside the overview: where an amount comes from, whether bills match usage, how fresh the sources are."""
