"""The home of SQLAlchemy: tables, the transaction helper and the queries."""
