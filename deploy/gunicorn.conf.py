"""How gunicorn serves 毕照, in the demo and in production.

``HOST``, ``PORT`` and ``WEB_CONCURRENCY`` may be set in the environment.
"""

import os
from pathlib import Path

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"

# Judging a photo keeps one core busy for a moment, so a process per core and a few
# threads for the requests that wait on the database or on a slow phone.
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4

# MediaPipe starts threads of its own, which do not survive a fork: every worker loads
# the application for itself.
preload_app = False

# A 10 MiB upload on a bad line is buffered by nginx; without it, it has this long.
timeout = 120
graceful_timeout = 30
# Longer than the 60 seconds nginx keeps an idle connection, so that it never meets a
# closed one.
keepalive = 75

# Workers are replaced now and then, not all at once, so that no leak grows for ever.
max_requests = 2000
max_requests_jitter = 400

# A heartbeat file on a disk can block a worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # a heartbeat, not data

# The service writes its own line for every request, by rule and without addresses.
accesslog = None
errorlog = "-"

# Nobody steers the server but the one who started it.
control_socket_disable = True
