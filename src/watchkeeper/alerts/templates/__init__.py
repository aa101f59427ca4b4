"""In: a notice and the texts of templates. Out: the texts of messages. Never here: files of users, and sending."""
