"""watchkeeper: the whole Kubernetes monitoring stack as one Python program."""

__version__ = "0.1.0"
