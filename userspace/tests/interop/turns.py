# SPDX-License-Identifier: MIT
"""Passes each connection on to the next of some servers: turns.py PORT [pop3:]TARGET…

The last of them gets all that are left; pop3: those have STARTTLS first.
"""
import socket
import sys
import threading


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        sink.close()


def serve(conn, target):
    if target.startswith('pop3:'):
        conn.sendall(b'+OK ready\r\n')
        assert conn.recv(100) == b'STLS\r\n'
        conn.sendall(b'+OK begin\r\n')
    server = socket.create_connection(('127.0.0.1', int(target.split(':')[-1])))
    threading.Thread(target=pump, args=(conn, server), daemon=True).start()
    pump(server, conn)


def main():
    port, *targets = sys.argv[1:]
    with socket.create_server(('127.0.0.1', int(port))) as listener:
        while True:
            conn, _ = listener.accept()
            threading.Thread(target=serve, args=(conn, targets[0]), daemon=True).start()
            if targets[1:]:
                del targets[0]


main()
