"""Dashboards and folders as resources, in the manner of Kubernetes: what newer provisioners ask for."""
