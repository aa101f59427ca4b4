"""The compiled hot loops (Cython, C++17), each proved equal to a plain twin in `tests/oracle`."""
