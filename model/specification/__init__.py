"""Read and write ``*.bac.yaml`` files."""
