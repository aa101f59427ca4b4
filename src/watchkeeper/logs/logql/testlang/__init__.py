"""In: a script of `load`, `clear`, `eval`. Out: which cases hold. Never here: files, printing, a real store."""
