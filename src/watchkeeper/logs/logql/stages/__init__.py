"""In: rows of a block. Out: the rows that are left, with the labels and lines that a stage gives them. Each file is
named as its stage is written. Never done here: reading a store."""
