"""In: a notice. Out: a message to one service. One receiver type a file, named in table.py."""
