"""Builds the compiled kernels: every .pyx below core/kernels is one extension module."""

import os
from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup

KERNELS = Path("src/watchkeeper/core/kernels")
# Building one kernel while working on it: WATCHKEEPER_KERNELS=exposition python setup.py build_ext --inplace
ONLY = {name for name in os.environ.get("WATCHKEEPER_KERNELS", "").split(",") if name}

extensions = [
    Extension(
        f"watchkeeper.core.kernels.{source.stem}",
        [str(source)],
        language="c++",
        include_dirs=[np.get_include(), str(KERNELS)],
        depends=[str(header) for header in sorted(KERNELS.glob("*.hpp"))],
        extra_compile_args=[
            "-std=c++17",
            "-O3",
            "-fno-math-errno",
            "-fvisibility=hidden",
            "-g0",
            "-Wno-maybe-uninitialized",
        ],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
    )
    for source in sorted(KERNELS.glob("*.pyx"))
    if not ONLY or source.stem in ONLY
]

setup(
    ext_modules=cythonize(
        extensions,
        compiler_directives={"language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True},
    )
)
