"""Files of bills on their way in: unpacked, read fast or carefully, examined, landed, and looked at as a whole.

Comes in: paths, and a format. Goes out: rows of `charge` and `problem`, and what is wrong with a file or a bill.
"""
