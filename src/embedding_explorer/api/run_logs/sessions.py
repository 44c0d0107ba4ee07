"""Who asked for which dataset before (contract, 2.5)."""

import secrets
import string
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

LENGTH, ALPHABET = 32, string.ascii_lowercase + string.digits
EXPIRY = 3600.0  # seconds after the last use
MOST = 10_000  # sessions; the least used go first
COOKIE = "session_id"


@dataclass(frozen=True)
class Chosen:
    """The dataset of a request: a user's job, or neither where the log root itself is meant."""

    user: str | None = None
    job: str | None = None


class Sessions:
    """The datasets of sessions, in memory: a server that was restarted is asked to `init` again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, Chosen]] = OrderedDict()

    def open(self, dataset: Chosen, session: str | None = None) -> str:
        """Point a session at a dataset, a new one unless that one is known; its identifier."""
        if session is None or self.find(session) is None:
            session = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        self._keep(session, dataset)
        return session

    def find(self, session: str) -> Chosen | None:
        """The dataset of a session, which is used by this; None for one that is unknown or expired."""
        with self._lock:
            used, dataset = self._known.get(session, (0.0, None))
        if dataset is None or time.monotonic() - used > EXPIRY:
            return None
        self._keep(session, dataset)
        return dataset

    def _keep(self, session: str, dataset: Chosen) -> None:
        with self._lock:
            self._known[session] = (time.monotonic(), dataset)
            self._known.move_to_end(session)
            while len(self._known) > MOST:
                self._known.popitem(last=False)

    def chosen(self, query: Mapping[str, str], cookie: str | None) -> Chosen:
        """The dataset that a request means, by its query, else by its session."""
        user, job = query.get("id") or None, query.get("trainJobName") or None
        if user and job:
            return Chosen(user, job)
        found = self.named(query, cookie)
        if found is None:
            return Chosen()
        known = self.find(found) or Chosen()
        return Chosen(known.user, job) if job and known.user else known

    def named(self, query: Mapping[str, str], cookie: str | None) -> str | None:
        """The first of the two sessions that a request may name which is known."""
        return next((name for name in (query.get(COOKIE), cookie) if name and self.find(name)), None)
