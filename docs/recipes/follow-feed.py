#!/usr/bin/env python3
"""Follows the feed of EventFhir into SQLite: python3 follow-feed.py http://localhost:8080 feed.db. Stop and start it as you like."""
import http.client, json, sqlite3, sys, time, urllib.error, urllib.request

url, db = sys.argv[1].rstrip("/"), sqlite3.connect(sys.argv[2])
db.executescript("""
    create table if not exists progress (id integer primary key check (id = 1), cursor text);
    create table if not exists event (position integer primary key, id text unique, subject text, version integer, type text);
    create table if not exists resource (subject text primary key, version integer, body text);""")


def follow():
    (cursor,) = db.execute("select cursor from progress").fetchone() or ("",)
    query = "?limit=500&wait=20" + (f"&after={cursor}" if cursor else "")
    with urllib.request.urlopen(url + "/feed" + query, timeout=60) as page:
        events, cursor = json.load(page), page.headers["EventFhir-Next"]
    with db:  # events and cursor in one transaction: each event counts once, whatever crashes
        for e in events:
            db.execute("insert into event values (?, ?, ?, ?, ?)", (int(e["sequence"]), e["id"], e["subject"], e["efversion"], e["type"]))
            db.execute("replace into resource values (?, ?, ?)", (e["subject"], e["efversion"], json.dumps(e.get("data"))))
        db.execute("replace into progress values (1, ?)", (cursor,))


while True:
    try:
        follow()
    except urllib.error.HTTPError as error:
        if error.code in (409, 410):  # the log was set back, or its beginning is gone: somebody has to decide
            sys.exit(error.read().decode())
        time.sleep(1)
    except (OSError, http.client.HTTPException, json.JSONDecodeError):
        time.sleep(1)
