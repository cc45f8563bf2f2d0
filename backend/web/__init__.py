"""The home of Flask: the student's pages, the console, the JSON API."""
