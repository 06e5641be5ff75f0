"""The believable company: ordinary input files with a known truth, for demonstrations and tests.

Comes in: a folder, a seed and a scale. Goes out: bills, usage events, revenue, releases and rules as any
company would have them, and the truth about who caused what. The door is `outlay.demo.company.build`.
"""
