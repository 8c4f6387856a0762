"""Coverage-guided fuzzing of the compiled kernels and of the archive reader; see README.md."""
