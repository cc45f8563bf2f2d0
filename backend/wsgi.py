"""What the web server imports: the only module that does something when imported."""

from __future__ import annotations

from backend.app import create_app

app = create_app()
