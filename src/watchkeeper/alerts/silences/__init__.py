"""In: silences as people, the disk and other instances say them. Out: which of them mute an alert now. Never here: how
they are kept."""
