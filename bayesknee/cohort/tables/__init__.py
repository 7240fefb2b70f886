"""Tables of patients as people have them: CSV of any kind, workbooks, Parquet, data frames, and a map to a network."""
