"""Attribution: who caused a cost."""

#: The attribution dimensions, in the order in which pages and tables show them.
ATTRIBUTION = ("feature", "customer", "team", "user", "environment", "service", "release")
