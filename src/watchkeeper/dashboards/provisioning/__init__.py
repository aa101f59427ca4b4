"""In: Grafana's provisioning folder. Out: dashboards and datasources of files, followed as they change."""
