"""Against a small SMTP server on loopback: STARTTLS, login, and whatever answers it is told to give."""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import socketserver
import ssl
import threading
import time

import pytest

from watchdog.domain.alert import AlertState
from watchdog.errors import DeliveryError, UsageError
from watchdog.notify.email import EmailNotifier

LOGIN = {"username": "watchdog", "password": "planted-password"}


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail, and remembers it with how it was brought."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), Session)
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.mails = []
        #: Answer by the first word of a command, instead of the usual one.
        self.answers = {}
        #: Recipient -> answer.
        self.refused = {}
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    @property
    def port(self):
        return self.server_address[1]

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.secure, self.login, self.recipients = False, "", []
        with contextlib.suppress(OSError), contextlib.closing(self):
            self.talk()

    def close(self):
        """A socket that was wrapped is ours to close."""
        for each in (self.rfile, self.wfile, self.connection):
            each.close()

    def finish(self):
        """All is closed by then."""

    def talk(self):
        self.say("220 ready")
        while line := self.rfile.readline():
            words = line.decode().split()
            verb = words[0].upper()
            answer = self.server.answers.get(verb)
            if answer is None:
                answer = getattr(self, f"do_{verb.lower()}")(words)
            self.say(answer)
            if verb == "STARTTLS" and answer.startswith("220"):
                self.rfile.close()
                self.wfile.close()
                self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
                self.setup_again()
            if verb == "QUIT":
                return

    def setup_again(self):
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.secure = True

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def do_ehlo(self, _words):
        if self.secure:
            return "250-here\r\n250 AUTH PLAIN"
        return "250-here\r\n250 STARTTLS" if self.server.context else "250 here"

    do_helo = do_ehlo

    def do_starttls(self, _words):
        return "220 go ahead"

    def do_auth(self, words):
        self.login = base64.b64decode(words[2]).decode()
        return "235 welcome"

    def do_mail(self, _words):
        self.recipients = []
        return "250 ok"

    def do_rcpt(self, words):
        address = words[1].partition("<")[2].rstrip(">")
        if address in self.server.refused:
            return self.server.refused[address]
        self.recipients.append(address)
        return "250 ok"

    def do_data(self, _words):
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        parsed = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.mails.append((parsed, self.recipients, self.secure, self.login))
        return "250 taken"

    def do_rset(self, _words):
        return "250 ok"

    def do_quit(self, _words):
        return "221 bye"


@pytest.fixture
def mail():
    servers = []

    def make(certificate=None):
        servers.append(MailServer(certificate))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


def notifier(server, **more):
    people = {"sender": "watchdog@example.com", "recipients": ["ana@example.com", "bo@example.com"]}
    return EmailNotifier(**{"host": "127.0.0.1", "port": server.port, "security": "none", **people, **more})


async def test_a_login_and_a_message_go_over_tls_to_every_recipient(house, mail, certificate):
    path = certificate("localhost")
    server = mail(path)
    alert = house.alert(annotations={"summary": "is-json is worse", "description": "because"})
    await notifier(server, host="localhost", security="starttls", ca_file=path, **LOGIN).send([alert], time.time())
    [(message, recipients, secure, login)] = server.mails
    assert secure
    assert login == "\0watchdog\0planted-password"
    assert recipients == ["ana@example.com", "bo@example.com"]
    assert message["Subject"] == "FIRING page: is-json is worse"
    assert message["From"] == "watchdog@example.com"
    assert message.get_content_type() == "text/plain"
    assert "Why: because" in message.get_content()
    assert "metric: is-json" in message.get_content()


async def test_the_end_answers_the_beginning_and_a_retry_is_the_same_message(house, mail):
    server = mail()
    now = time.time()
    firing, ended = (house.alert(state=state, now=now) for state in (AlertState.FIRING, AlertState.RESOLVED))
    for alert in (firing, firing, ended):
        await notifier(server).send([alert], now)
    first, again, end = [mail[0] for mail in server.mails]
    assert first["Message-ID"] == again["Message-ID"] != end["Message-ID"]
    assert end["In-Reply-To"] == end["References"] == first["Message-ID"]
    assert end["Subject"].startswith("RESOLVED")


@pytest.mark.parametrize("name", ["localhost", "somebody-else.example"])
async def test_without_tls_that_can_be_trusted_nothing_is_sent(house, mail, certificate, name):
    own = certificate(name)
    server = mail(own if name != "localhost" else None)  # a certificate for another name; or no STARTTLS at all
    with pytest.raises(DeliveryError):
        await notifier(server, host="localhost", security="starttls", ca_file=own, **LOGIN).send(
            [house.alert()], time.time()
        )
    assert server.mails == []


@pytest.mark.parametrize(
    ("verb", "answer", "retryable"),
    [
        ("MAIL", "451 busy planted-password", True),
        ("MAIL", "550 no", False),
        ("DATA", "452 full", True),
        ("DATA", "554 spam", False),
        ("AUTH", "535 wrong planted-password", False),
        ("AUTH", "454 later", True),
        ("EHLO", "421 closing", True),
    ],
)
async def test_the_answer_decides_whether_it_is_worth_another_try(house, mail, certificate, verb, answer, retryable):
    path = certificate("localhost")
    server = mail(path)
    server.answers[verb] = answer
    if verb == "EHLO":
        server.answers["HELO"] = answer
    with pytest.raises(DeliveryError) as caught:
        await notifier(server, host="localhost", security="starttls", ca_file=path, **LOGIN).send(
            [house.alert()], time.time()
        )
    assert caught.value.retryable is retryable
    assert "planted" not in str(caught.value)
    assert server.mails == []


async def test_silence_is_worth_another_try(house):
    alone = EmailNotifier(
        host="localhost", port=house.free_port(), security="none", sender="a@example.com", recipients=["b@example.com"]
    )
    with pytest.raises(DeliveryError) as caught:
        await alone.send([house.alert()], time.time())
    assert caught.value.retryable


@pytest.mark.parametrize(("answer", "retryable"), [("550 nobody here", False), ("450 later", True)])
async def test_when_every_recipient_is_refused_it_was_not_delivered(house, mail, answer, retryable):
    server = mail()
    server.refused = dict.fromkeys(["ana@example.com", "bo@example.com"], answer)
    with pytest.raises(DeliveryError, match="every recipient") as caught:
        await notifier(server).send([house.alert()], time.time())
    assert caught.value.retryable is retryable


async def test_when_one_recipient_is_refused_the_others_are_told_once(house, mail):
    server = mail()
    server.refused = {"bo@example.com": "550 nobody here"}
    await notifier(server).send([house.alert()], time.time())
    assert [recipients for _, recipients, *_ in server.mails] == [["ana@example.com"]]


async def test_hostile_text_adds_no_header_no_mark_up_and_no_end(house, mail):
    server = mail()
    hostile = "x\r\nBcc: eve@example.com\r\n\r\n.\r\nQUIT\r\n<script>\x1b[31m" + "é" * 1_000_000
    alert = house.alert(annotations={"summary": hostile, "description": hostile})
    await notifier(server).send([alert], time.time())
    [(message, recipients, *_)] = server.mails
    assert recipients == ["ana@example.com", "bo@example.com"]
    assert message["Bcc"] is None
    assert len(message["Subject"]) <= 150
    assert message.get_content_type() == "text/plain"
    assert "\x1b" not in message.get_content()
    assert len(message.get_content()) < 10_000


async def test_only_what_is_wanted_is_sent(house, mail):
    server = mail()
    await notifier(server, only={"team": ["ai"]}).send([house.alert()], time.time())
    await notifier(server).send([house.alert(labels={"severity": "info"})], time.time())
    assert server.mails == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"recipients": []}, "recipients"),
        ({"recipients": ["eve@example.com\nBcc: x@example.com"]}, "recipients"),
        ({"sender": "watchdog"}, "sender"),
        ({"host": "mail.example.com", "security": "none"}, "without TLS"),
        ({"username": "watchdog"}, "both"),
    ],
)
def test_what_cannot_work_is_refused_at_once(arguments, said):
    good = {"host": "localhost", "sender": "a@example.com", "recipients": ["b@example.com"]}
    with pytest.raises(UsageError, match=said):
        EmailNotifier(**{**good, **arguments})
