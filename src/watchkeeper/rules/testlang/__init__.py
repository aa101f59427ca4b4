"""Unit tests of rules, in promtool's format. In: a text. Out: which cases hold. Printing is the command line's."""
