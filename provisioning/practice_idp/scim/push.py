"""Pushes from the directory to one connection, correctly or wrongly on purpose."""

from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from provisioning.practice_idp.scim.access import Access
from provisioning.practice_idp.scim.client import KEPT_EXCHANGES, Client, Exchange, Refused
from provisioning.practice_idp.scim.dialect import Dialect
from provisioning.practice_idp.scim.directory import Directory
from provisioning.practice_idp.scim.entra import Entra
from provisioning.practice_idp.scim.known import Known
from provisioning.practice_idp.scim.okta import Okta
from provisioning.practice_idp.scim.sync import Outcome, Sync

DIALECTS: dict[str, type[Dialect]] = {"okta": Okta, "entra": Entra}
BURST_REQUESTS, AT_ONCE = 200, 8
WRONG_TOKEN = "scim_wrongtoken_0000"


class Push:
    """An application in the IdP: a connection, a dialect, and what was pushed so far."""

    def __init__(self, console: str, access: Access, dialect: type[Dialect]) -> None:
        self.dialect = dialect
        self.access = access
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT_EXCHANGES)  # the newest first
        self._console = console
        self._known = Known()

    def count_changes(self, directory: Directory) -> int:
        """Return how many people and groups wait to be pushed."""
        return self._known.count_changes(directory)

    def everything(self, directory: Directory) -> Outcome:
        with self._client() as client:
            outcome = Sync(self.dialect(client), self._known).push(directory)
            return replace(outcome, request_count=client.request_count)

    def test(self) -> None:
        """Try Base URL and token; raise Refused."""
        with self._client() as client:
            self.dialect(client).test()

    def test_with_wrong_token(self) -> None:
        """Try a token that was never issued; raise Refused."""
        with Client(self._console, Access(self.access.base_url, WRONG_TOKEN), self.exchanges) as client:
            self.dialect(client).test()

    def apply_wrong_filter(self) -> Outcome:
        """Deactivate nine in ten of the active users, as if a filter had dropped them."""
        active = [key for key, user in self._known.users.items() if user.is_active]
        dropped = active[len(active) - len(active) * 9 // 10 :]
        with self._client() as client:
            outcome = Sync(self.dialect(client), self._known).deactivate(dropped)
            return replace(outcome, request_count=client.request_count)

    def send_burst(self) -> Counter[int]:
        """Send the same request many times, several at once; count the statuses and keep one exchange of each."""
        exchanges: deque[Exchange] = deque()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._test_repeatedly, [exchanges] * AT_ONCE))
        self.exchanges.extendleft({exchange.status: exchange for exchange in exchanges}.values())
        return Counter(exchange.status for exchange in exchanges)

    def _test_repeatedly(self, exchanges: deque[Exchange]) -> None:
        with Client(self._console, self.access, exchanges) as client:
            for _ in range(BURST_REQUESTS // AT_ONCE):
                try:
                    self.dialect(client).test()
                except Refused as error:
                    if not error.status:
                        return

    def _client(self) -> Client:
        return Client(self._console, self.access, self.exchanges)
