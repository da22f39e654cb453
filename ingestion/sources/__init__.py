"""Sources other than the hiring core: directories that a school brings along."""
