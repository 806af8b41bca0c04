"""A mail server of one test, on a free port."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator


class Mailbox(socketserver.ThreadingTCPServer):
    """Speaks SMTP. `answers` has the reply to a recipient or, by the word DATA, to a text; `taken` the mails."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.answers: dict[str, str] = {}
        self.taken: list[tuple[list[str], str]] = []
        self.connections = 0


class _Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self.server.connections += 1
        self._say("220 here")
        recipients: list[str] = []
        for line in map(bytes.decode, self.rfile):
            word = line[:4].strip().upper()
            if word == "RSET":
                recipients = []
            if word == "RCPT":
                address = line[line.index("<") + 1 : line.index(">")]
                answer = self.server.answers.get(address, "250 ok")
                recipients += [address] if answer.startswith("250") else []
                self._say(answer)
            elif word == "DATA":
                self._say("354 go on")
                text = "".join(iter(lambda: self.rfile.readline().decode(), ".\r\n"))
                answer = self.server.answers.get("DATA", "250 ok")
                if answer.startswith("250"):
                    self.server.taken.append((recipients, text))
                recipients = []
                self._say(answer)
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextlib.contextmanager
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()
