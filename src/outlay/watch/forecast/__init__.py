"""Forecast: what the days to come will cost, with bands that hold as often as they say."""
