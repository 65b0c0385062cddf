"""Saturation probes, one resource a file. Each takes its inputs as parameters (a fake procfs is a folder)."""
