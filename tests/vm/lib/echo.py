# SPDX-License-Identifier: GPL-2.0
"""Echo over TLS with Python's ssl, which is OpenSSL, at the other end.

    echo.py serve PORT CERT KEY [CA]    an echo service, TLS 1.3; with CA, it
                                        wants the client's certificate
    echo.py serve-psk PORT IDENTITY HEX the same, with a pre-shared key
    echo.py send PORT CA MEGABYTES      to one and back; compares SHA-256
    echo.py meet PORT CA OPTIONS [CERT] an echo client, with its certificate and
                                        key, whose server is the driver
    echo.py take PORT OPTIONS           the driver is the server of whoever comes
    echo.py send-psk PORT IDENTITY HEX  a MiB, with a pre-shared key
    echo.py drive PORT COUNT OPTIONS    COUNT sockets at once, connected here,
                                        for the driver behind /dev/sluice_echo
"""
import errno
import hashlib
import os
import socket
import ssl
import sys
import threading

BLOCK = 1 << 20


def serve(port, cert, key, ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    if ca:
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED
    serve_with(context, port)


def serve_psk(port, identity, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_psk_server_callback(
        lambda name: bytes.fromhex(key) if name == identity else b"")
    serve_with(context, port)


def serve_with(context, port):
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["echo/2", "echo/1"])

    def echo(sock):
        try:
            with context.wrap_socket(sock, server_side=True) as tls:
                while data := tls.recv(BLOCK):
                    tls.sendall(data)
                tls.unwrap()
        except OSError as error:
            print(f"echo: {error}\n", end="")

    with socket.create_server(("127.0.0.1", int(port)), backlog=128) as listener:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=echo, args=(sock,), daemon=True).start()


def send(port, ca, megabytes):
    return send_with(ssl.create_default_context(cafile=ca), port, megabytes)


def send_psk(port, identity, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_psk_client_callback(lambda hint: (identity, bytes.fromhex(key)))
    return send_with(context, port, 1)


def send_with(context, port, megabytes):
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    total = int(megabytes) * BLOCK
    noise = os.urandom(BLOCK)
    sent = hashlib.sha256()
    got = hashlib.sha256()
    raw = socket.create_connection(("127.0.0.1", int(port)))
    with context.wrap_socket(raw, server_hostname="localhost") as tls:
        # A window on the way, so that neither side waits for itself.
        window = BLOCK // 4
        done = back = 0
        while back < total:
            if done < total and done - back < window:
                piece = noise[done % BLOCK:][:min(65536, total - done)]
                tls.sendall(piece)
                sent.update(piece)
                done += len(piece)
                continue
            data = tls.recv(BLOCK)
            if not data:
                break
            got.update(data)
            back += len(data)
        tls.unwrap()
    print(f"sent {done} octets, {back} came back: {got.hexdigest()}")
    return 0 if back == total and sent.digest() == got.digest() else 1


def hand_over(sock, options):
    """Prints what became of a socket, as the driver tells it."""
    device = os.open("/dev/sluice_echo", os.O_RDWR)
    result = "ok"
    try:
        os.write(device, f"fd={sock.fileno()} {options}".encode())
    except OSError as error:
        result = errno.errorcode[error.errno]
    print(f"{result} {os.read(device, 4096).decode().strip()}\n", end="")
    os.close(device)


def meet(port, ca, options, cert=None):
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if cert:
        context.load_cert_chain(cert)

    def echo():
        try:
            raw = socket.create_connection(("127.0.0.1", int(port)))
            with context.wrap_socket(raw, server_hostname="localhost") as tls:
                while data := tls.recv(BLOCK):
                    tls.sendall(data)
                tls.unwrap()
        except OSError as error:
            print(f"echo: {error}\n", end="")

    client = threading.Thread(target=echo)
    take(port, options, client.start)
    client.join()


def take(port, options, ready=lambda: None):
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        ready()
        sock, _ = listener.accept()
        with sock:
            hand_over(sock, f"server {options}")


def drive(port, count, options):
    def one():
        with socket.create_connection(("127.0.0.1", int(port))) as sock:
            hand_over(sock, options)

    threads = [threading.Thread(target=one) for _ in range(int(count))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    commands = {"serve": serve, "serve-psk": serve_psk, "send": send,
                "send-psk": send_psk, "meet": meet, "take": take,
                "drive": drive}
    sys.exit(commands[sys.argv[1]](*sys.argv[2:]))
