"""What people keep: dashboards, folders, annotations, users and their tokens; and dashboards that files bring."""
