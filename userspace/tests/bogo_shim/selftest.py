# SPDX-License-Identifier: MIT
"""The shim, as BoringSSL's runner uses it: selftest.py SHIM. Prints TAP."""

import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SHIM = sys.argv[1]
SHIM_ID = 0x0123456789ABCDEF
SECONDS = 20

cases = []


def case(name):
    def add(function):
        cases.append((name, function))
        return function

    return add


class Runner:
    """Starts a shim and accepts its connections, as the runner does."""

    def __init__(self, *flags):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(SECONDS)
        port = str(self.listener.getsockname()[1])
        self.shim = subprocess.Popen(
            [SHIM, "-port", port, "-shim-id", str(SHIM_ID), *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def accept(self):
        connection, _ = self.listener.accept()
        connection.settimeout(SECONDS)
        shim_id = connection.recv(8, socket.MSG_WAITALL)
        assert shim_id == SHIM_ID.to_bytes(8, "little"), shim_id
        return connection

    def end(self):
        """Its status, and what it has said."""
        self.listener.close()
        output, errors = self.shim.communicate(timeout=SECONDS)
        errors, done, sanitizer = errors.partition("--- DONE ---\n")
        assert not sanitizer, sanitizer
        return self.shim.returncode, output, errors


def make_certificate(folder):
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test", "-days",
         "2", "-keyout", key, "-out", cert],
        check=True, capture_output=True)
    return cert, key


def server_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERT, KEY)
    context.set_alpn_protocols(["foo"])
    return context


def client_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def echoed(tls, data=b"\x42" * 32):
    """What is sent comes back with all its bits inverted."""
    tls.sendall(data)
    answer = b""
    while len(answer) < len(data):
        part = tls.recv(len(data) - len(answer))
        assert part, "the end came too soon"
        answer += part
    assert answer == bytes(octet ^ 0xFF for octet in data), answer


def serve(runner, context):
    tls = context.wrap_socket(runner.accept(), server_side=True)
    echoed(tls)
    reused = tls.session_reused
    tls.unwrap().close()
    return reused


def refused(runner, reason):
    connection = runner.accept()
    try:
        server_context().wrap_socket(connection, server_side=True)
    except ssl.SSLError as error:
        assert re.search(reason, str(error)), error
    else:
        assert False, "the handshake is done"
    finally:
        connection.close()


def succeeded(runner):
    status, output, errors = runner.end()
    assert (status, output, errors) == (0, "", ""), (status, output, errors)


def failed(runner, reason, status=1):
    got, _, errors = runner.end()
    assert got == status and reason in errors, (got, errors)


@case("a flag that is not known is not implemented")
def _():
    failed(Runner("-server", "-no-such-flag"), "-no-such-flag", 89)
    failed(Runner("-on-resume-no-such-flag"), "-no-such-flag", 89)


@case("what libsluice cannot do is not implemented")
def _():
    failed(Runner("-max-version", str(0x0302)), "TLS 1.2", 89)
    failed(Runner("-curves", "21"), "group", 89)


@case("there is no handshaker")
def _():
    status, output, _ = Runner("-is-handshaker-supported").end()
    assert (status, output) == (0, "No\n"), (status, output)


def client(*flags):
    runner = Runner("-check-close-notify", *flags)
    serve(runner, server_context())
    return runner


@case("client of TLS 1.3")
def _():
    succeeded(client("-expect-version", str(0x0304)))


MESSAGES = """write hs 1
read hs 2
write ccs
read hs 8
read hs 11
read hs 15
read hs 20
write hs 20
read hs 4
read hs 4
read alert 1 0
"""


@case("client that keeps to a policy")
def _():
    succeeded(client("-fips-202205", "-expect-curve-id", "23"))
    # the certificate is of P-256, and signs with SHA-256
    runner = Runner("-wpa-202304")
    refused(runner, "NO_SUITABLE_SIGNATURE_ALGORITHM")
    failed(runner, "received alert: handshake_failure")


@case("client that does not believe an OCSP response")
def _():
    runner = Runner("-fail-ocsp-callback")
    refused(runner, "BAD_CERTIFICATE_STATUS_RESPONSE")
    failed(runner, "the shim does not believe the OCSP response")


@case("client's and server's messages")
def _():
    def client_with(messages):
        runner = Runner("-expect-msg-callback", messages)
        tls = server_context().wrap_socket(runner.accept(), server_side=True)
        echoed(tls)
        try:
            tls.unwrap()
        except (ssl.SSLError, OSError):
            pass  # it has no close_notify for us
        tls.close()
        return runner

    succeeded(client_with(MESSAGES))
    failed(client_with(MESSAGES.replace("read hs 8\n", "")), "other messages")
    failed(client_with(MESSAGES + "read hs 24\n"), "other messages")


@case("client of TLS 1.2")
def _():
    succeeded(client("-max-version", str(0x0303),
                     "-expect-version", str(0x0303)))


@case("client, an octet at a time, and everything wanted given later")
def _():
    succeeded(client("-async"))


@case("client that begins, with ALPN")
def _():
    runner = Runner("-shim-writes-first", "-advertise-alpn", "\3bar\3foo",
                    "-expect-alpn", "foo")
    tls = server_context().wrap_socket(runner.accept(), server_side=True)
    assert tls.recv(5) == b"hello"
    tls.close()
    succeeded(runner)


@case("client that resumes")
def _():
    runner = Runner("-check-close-notify", "-resume-count", "2")
    context = server_context()
    reused = [serve(runner, context) for _ in range(3)]
    assert reused == [False, True, True], reused
    succeeded(runner)


@case("client of another session, where none is expected to be")
def _():
    runner = Runner("-check-close-notify", "-resume-count", "1")
    serve(runner, server_context())
    tls = server_context().wrap_socket(runner.accept(), server_side=True)
    assert not tls.session_reused
    tls.close()
    failed(runner, "not resumed")


@case("server")
def _():
    runner = Runner("-server", "-cert-file", CERT, "-key-file", KEY)
    tls = client_context().wrap_socket(runner.accept())
    echoed(tls)
    tls.close()
    succeeded(runner)


@case("server that asks for a certificate, with a client that has one")
def _():
    runner = Runner("-server", "-cert-file", CERT, "-key-file", KEY,
                    "-require-any-client-certificate",
                    "-expect-peer-cert-file", CERT)
    context = client_context()
    context.load_cert_chain(CERT, KEY)
    tls = context.wrap_socket(runner.accept())
    echoed(tls)
    tls.close()
    succeeded(runner)


@case("server that keeps sessions, with a client without tickets")
def _():
    runner = Runner("-server", "-cert-file", CERT, "-key-file", KEY,
                    "-max-version", str(0x0303), "-resume-count", "1",
                    "-expect-session-id", "-check-close-notify")
    context = client_context()
    context.options |= ssl.OP_NO_TICKET
    first = context.wrap_socket(runner.accept())
    echoed(first)
    session = first.session
    first.unwrap().close()
    again = context.wrap_socket(runner.accept(), session=session)
    echoed(again)
    assert again.session_reused
    again.unwrap().close()
    succeeded(runner)


@case("flags on the connection that resumes count for no other")
def _():
    runner = Runner("-check-close-notify", "-resume-count", "1",
                    "-on-initial-expect-cipher", "4866",
                    "-on-resume-expect-cipher", "1")
    context = server_context()
    serve(runner, context)
    context.wrap_socket(runner.accept(), server_side=True).close()
    failed(runner, "cipher suite: 0x1302 instead of 0x1")


@case("what is not as expected is an error")
def _():
    for flag, value, reason in (
        ("-expect-version", "771", "version: 0x304 instead of 0x303"),
        ("-expect-curve-id", "24", "group: "),
        ("-expect-peer-signature-algorithm", "2052", "signature scheme: "),
        ("-expect-server-name", "test", "another server name"),
        ("-expect-peer-cert-file", KEY, "1 certificates instead of 0"),
    ):
        runner = Runner(flag, value)
        server_context().wrap_socket(runner.accept(), server_side=True).close()
        failed(runner, reason)


@case("the reason of a failure is libsluice's, with the alerts")
def _():
    runner = Runner()
    connection = runner.accept()
    connection.sendall(b"no such protocol")
    connection.close()
    failed(runner, "the peer does not speak TLS\nsent alert: unexpected_message")
    runner = Runner("-max-version", str(0x0303))
    connection = runner.accept()
    context = server_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.wrap_socket(connection, server_side=True)
    except ssl.SSLError:
        pass
    connection.close()
    failed(runner, "received alert: protocol_version")


@case("config.json knows the reasons, and says why tests are left out")
def _():
    config = json.loads((HERE / "config.json").read_text())
    library = HERE.parents[1] / "libsluice"
    words = "".join(path.read_text() for path in
                    [*library.rglob("*.c"), *HERE.glob("*.c")])
    words = re.sub(r'"\s*\n\s*"', "", words)
    alerts = re.compile("(sent|received) alert: ([a-z_]+)$")
    for name, reasons in config["ErrorMap"].items():
        assert reasons, f"{name} has no reasons"
        for reason in reasons:
            alert = alerts.match(reason)
            known = f'"{alert[2]}"' if alert else reason
            assert known in words, f"nobody says '{reason}' ({name})"
    for name, why in config["DisabledTests"].items():
        assert len(why) >= 10, f"{name}: why?"


with tempfile.TemporaryDirectory() as folder:
    CERT, KEY = map(str, make_certificate(pathlib.Path(folder)))
    status = 0
    print(f"1..{len(cases)}")
    for number, (name, function) in enumerate(cases, 1):
        try:
            function()
            print(f"ok {number} - {name}")
        except Exception as error:  # whatever it is, the next case is of use
            status = 1
            print(f"# {type(error).__name__}: {error}".replace("\n", "\n# "))
            print(f"not ok {number} - {name}")
sys.exit(status)
