"""Starts the real servers of the ``local`` profile on this machine: loopback only, free ports, one folder."""
