"""In: a Go text/template and data. Out: text. Never here: files, networks, and what a product's functions do."""

# Times come first: a function that is declared before a type is known would take anything in its place.
from watchkeeper.core.template import times as times
