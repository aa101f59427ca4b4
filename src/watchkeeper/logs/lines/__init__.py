"""Line to fields: what LogQL and the agent share."""
