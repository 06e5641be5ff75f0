"""The words, as frozen values with arithmetic and no I/O.

Comes in: plain Python values. Goes out: the types every other room speaks (see `GLOSSARY.md`).
"""
