"""The database's tables: one script a version; a script that was released never changes."""

from __future__ import annotations

from typing import Final

SCRIPTS: Final = (
    """
    CREATE TABLE folders (
        id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
        parent_uid TEXT NOT NULL DEFAULT '', version INTEGER NOT NULL, created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL, created_by TEXT NOT NULL, updated_by TEXT NOT NULL
    );
    CREATE TABLE dashboards (
        id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, title TEXT NOT NULL, slug TEXT NOT NULL,
        folder_uid TEXT NOT NULL DEFAULT '', tags TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL,
        file_digest TEXT NOT NULL DEFAULT '', created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
        created_by TEXT NOT NULL, updated_by TEXT NOT NULL
    );
    CREATE INDEX dashboards_by_folder ON dashboards (folder_uid);
    CREATE TABLE dashboard_versions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dashboard_id INTEGER NOT NULL REFERENCES dashboards (id) ON DELETE CASCADE,
        version INTEGER NOT NULL, parent_version INTEGER NOT NULL, restored_from INTEGER NOT NULL,
        message TEXT NOT NULL, body BLOB NOT NULL, created_ms INTEGER NOT NULL, created_by TEXT NOT NULL,
        UNIQUE (dashboard_id, version)
    );
    CREATE TABLE annotations (
        id INTEGER PRIMARY KEY AUTOINCREMENT, dashboard_uid TEXT NOT NULL, panel_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL, user_login TEXT NOT NULL, time_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
        text TEXT NOT NULL, data TEXT NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL
    );
    CREATE INDEX annotations_by_time ON annotations (time_ms);
    CREATE INDEX annotations_by_dashboard ON annotations (dashboard_uid, time_ms);
    CREATE TABLE annotation_tags (
        annotation_id INTEGER NOT NULL REFERENCES annotations (id) ON DELETE CASCADE,
        place INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (annotation_id, place)
    ) WITHOUT ROWID;
    CREATE INDEX annotations_by_tag ON annotation_tags (tag);
    CREATE TABLE users (
        id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, login TEXT NOT NULL UNIQUE COLLATE NOCASE,
        email TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL, password_hash TEXT NOT NULL, role TEXT NOT NULL,
        is_admin INTEGER NOT NULL, is_disabled INTEGER NOT NULL DEFAULT 0, created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL
    );
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, token_hash BLOB NOT NULL UNIQUE,
        user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL
    );
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, login TEXT NOT NULL,
        role TEXT NOT NULL, is_disabled INTEGER NOT NULL DEFAULT 0, is_key INTEGER NOT NULL DEFAULT 0,
        created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL
    );
    CREATE TABLE tokens (
        id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        name TEXT NOT NULL, token_hash BLOB NOT NULL UNIQUE, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
        used_ms INTEGER NOT NULL DEFAULT 0, UNIQUE (account_id, name)
    );
    CREATE TABLE short_urls (uid TEXT PRIMARY KEY, path TEXT NOT NULL, created_ms INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE snapshots (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, delete_key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL, body BLOB NOT NULL, user_id INTEGER NOT NULL, created_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL
    );
    CREATE TABLE playlists (
        id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, interval TEXT NOT NULL,
        items TEXT NOT NULL
    );
    CREATE TABLE stars (
        user_id INTEGER NOT NULL, dashboard_uid TEXT NOT NULL, PRIMARY KEY (user_id, dashboard_uid)
    ) WITHOUT ROWID;
    CREATE TABLE preferences (owner TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE datasources (
        id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
        secrets TEXT NOT NULL, version INTEGER NOT NULL
    );
    CREATE TABLE teams (
        id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, email TEXT NOT NULL
    );
    CREATE TABLE team_members (
        team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
        user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, PRIMARY KEY (team_id, user_id)
    ) WITHOUT ROWID;
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
    """
    CREATE TABLE permissions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, uid TEXT NOT NULL, role TEXT NOT NULL,
        user_id INTEGER NOT NULL, team_id INTEGER NOT NULL, level INTEGER NOT NULL, created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL, UNIQUE (kind, uid, role, user_id, team_id)
    );
    CREATE TABLE permission_sets (kind TEXT NOT NULL, uid TEXT NOT NULL, PRIMARY KEY (kind, uid)) WITHOUT ROWID;
    CREATE TABLE library_elements (
        id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, kind INTEGER NOT NULL,
        folder_uid TEXT NOT NULL, model BLOB NOT NULL, version INTEGER NOT NULL, created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL, created_by TEXT NOT NULL, updated_by TEXT NOT NULL, UNIQUE (folder_uid, name)
    );
    """,
    """
    CREATE TABLE kept_files (
        uid TEXT PRIMARY KEY, provider TEXT NOT NULL, digest TEXT NOT NULL, folder_uid TEXT NOT NULL,
        folder_title TEXT NOT NULL, body BLOB NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE resource_notes (
        kind TEXT NOT NULL, uid TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, uid)
    ) WITHOUT ROWID;
    """,
    # Permissions name users and service accounts alike: their numbers must not be the same.
    """
    INSERT INTO sqlite_sequence (name, seq)
        SELECT 'accounts', 1000000 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'accounts');
    UPDATE sqlite_sequence SET seq = max(seq, 1000000) WHERE name = 'accounts';
    """,
)
