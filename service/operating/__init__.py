"""How the service is run: proxies, limits, log, metrics, the change of builds, the processes."""
