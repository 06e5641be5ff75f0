"""Exchange: what one currency is worth in another on a day, as somebody stated it.

Comes in: files of exchange rates. Goes out: rows of `exchange_rate`, `problem`, `source_file` and `take_in`; and rates
for days, each with the legs it is made of.
"""
