"""Grammar: what a file of rules may say. Tables of TOML in; checked rules, dimensions and mappings out; no database."""
