"""Go text/template, as log formats, annotations and notifications need it."""
