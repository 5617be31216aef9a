// Not SQL.
