"""The 毕照 service: receives, judges, binds and delivers graduation portraits.

Imports point one way: ``wsgi → app → web | cli → services → ports, db, messages →
domain``. ``domain`` is pure (standard library only, no input or output); every
third-party package has one home (``db``: SQLAlchemy, ``imaging``: pixels, ``web``:
Flask). The adapters are chosen in ``app`` and nowhere else.
"""
