"""LogQL: text to tree, tree to plan, plan over blocks."""
