"""The built pages: served with what they start with, and a panel of theirs as a picture."""
