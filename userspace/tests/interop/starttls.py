# SPDX-License-Identifier: MIT
"""The least of a server that has STARTTLS: starttls.py PROTOCOL PORT CERT KEY [FLAW].

Behind it TLS is Python's, which sends back each line that it gets. A FLAW is
what it does wrong: refuse, absent, inject, silent, endless, close, and others.
"""
import re
import socket
import ssl
import struct
import sys
import time

LINES = {
    'smtp': (b'220-mail.test\r\n220 ready\r\n', [
        (b'EHLO ', b'250-mail.test\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 HELP\r\n'),
        (b'STARTTLS', b'220 go ahead\r\n')]),
    'lmtp': (b'220 ready\r\n', [
        (b'LHLO ', b'250-mail.test\r\n250 STARTTLS\r\n'),
        (b'STARTTLS', b'220 go ahead\r\n')]),
    'imap': (b'* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n', [
        (b'STARTTLS', b'* 1 EXISTS\r\nTAG OK begin\r\n')]),
    'pop3': (b'+OK ready\r\n', [(b'STLS', b'+OK begin\r\n')]),
    'sieve': (b'"IMPLEMENTATION" "test"\r\n"STARTTLS"\r\nOK "ready"\r\n', [
        (b'STARTTLS', b'OK "begin"\r\n')]),
    'ftp': (b'220-welcome\r\n to all\r\n220 ready\r\n', [
        (b'AUTH TLS', b'234 begin\r\n')]),
    'nntp': (b'200 ready\r\n', [(b'STARTTLS', b'382 begin\r\n')]),
}
NO = {'smtp': b'454 not now\r\n', 'lmtp': b'454 not now\r\n', 'imap': b'TAG NO not now\r\n',
      'pop3': b'-ERR not now\r\n', 'sieve': b'NO "not now"\r\n', 'ftp': b'534 not now\r\n',
      'nntp': b'580 not now\r\n'}
FEATURES = (b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='1' version='1.0' "
            b"xmlns:stream='http://etherx.jabber.org/streams'><stream:features>%s</stream:features>")
OFFER = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"


def read_until(conn, end):
    got = b''
    while end not in got:
        octet = conn.recv(1)
        if not octet:
            raise EOFError
        got += octet
    return got


def by_lines(conn, protocol, flaw):
    greeting, steps = LINES[protocol]
    conn.sendall(greeting)
    last = steps[-1][0]
    for want, answer in steps:
        line = read_until(conn, b'\n')
        # clients may ask for more than they need
        while want not in line:
            tag = line.split()[0] if protocol == 'imap' else b''
            conn.sendall({'imap': b'* CAPABILITY IMAP4rev1 STARTTLS\r\n' + tag + b' OK done\r\n',
                          'ftp': b'211-Features:\r\n AUTH TLS\r\n211 End\r\n',
                          'nntp': b'101 list\r\nSTARTTLS\r\n.\r\n',
                          'sieve': b'"STARTTLS"\r\nOK\r\n',
                          'pop3': b'+OK\r\nSTLS\r\n.\r\n'}[protocol])
            line = read_until(conn, b'\n')
        if want == last and flaw == 'refuse':
            answer = NO[protocol]
        if want != last and flaw == 'absent':
            answer = answer.replace(b'STARTTLS', b'8BITMIME')
        if want == last and flaw == 'inject':
            answer += b'250 what nobody has said\r\n'
        while flaw == 'endless':
            conn.sendall(answer.replace(b'250 ', b'250-'))
        conn.sendall(answer.replace(b'TAG', line.split()[0]))


def by_ldap(conn, flaw):
    assert b'1.3.6.1.4.1.1466.20037' in conn.recv(1000)
    code = 52 if flaw == 'refuse' else 0
    body = bytes([0x0a, 1, code, 4, 0, 4, 0])
    if flaw == 'long':      # as Active Directory has them
        op = bytes([0x78, 0x84, 0, 0, 0, len(body)]) + body
        message = b'\x02\x01\x01' + op
        conn.sendall(bytes([0x30, 0x84, 0, 0, 0, len(message)]) + message)
        return
    message = b'\x02\x01\x01' + bytes([0x78, len(body)]) + body
    if flaw == 'absent':
        message = b'\x02\x01\x02' + message[3:]
    conn.sendall(bytes([0x30, len(message)]) + message)


def by_xmpp(conn, flaw):
    stream = read_until(conn, b"version='1.0'>" if flaw else b'>')
    if b'<?xml' in stream and b'<stream' not in stream:
        stream += read_until(conn, b'>')
    assert re.search(rb"jabber:(client|server)", stream)
    conn.sendall(FEATURES % (b'<other/>' if flaw == 'absent' else OFFER))
    assert b'starttls' in read_until(conn, b'>')
    if flaw == 'refuse':
        conn.sendall(b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    else:
        conn.sendall(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")


def by_postgres(conn, flaw):
    assert conn.recv(8, socket.MSG_WAITALL) == b'\0\0\0\x08\x04\xd2\x16\x2f'
    conn.sendall({'refuse': b'N', 'absent': b'E'}.get(flaw, b'S'))


# Capability flags of MySQL
SSL, PROTOCOL_41, SECURE_CONNECTION = 0x800, 0x200, 0x8000


def by_mysql(conn, flaw):
    offered = 0xffffffff & ~(SSL if flaw == 'absent' else 0)
    greeting = (b'\n' + b'8.4.6-test\0' + struct.pack('<I', 77) + b'12345678' + b'\0' +
                struct.pack('<HBHH', offered & 0xffff, 255, 2, offered >> 16) +
                bytes([21]) + bytes(10) + b'123456789012\0' + b'caching_sha2_password\0')
    number = 0
    if flaw == 'refuse':
        greeting = b'\xff\x6a\x04Host is not allowed: not now\x1b'
    elif flaw == 'old':
        greeting = b'\x09' + greeting[1:]
    elif flaw == 'short':
        greeting = greeting[:1 + 11 + 4 + 8 + 1 + 1]
    elif flaw == 'endless':
        greeting = b'\n' + b'8' * 1023
    elif flaw == 'long':
        greeting = greeting.replace(b'-test', b'-test' * 195).ljust(1025, b'\0')
    elif flaw == 'empty':
        greeting = b''
    elif flaw == 'number':
        number = 1
    conn.sendall(struct.pack('<I', len(greeting))[:3] + bytes([number]) + greeting +
                 (b'what nobody has said' if flaw == 'inject' else b''))
    if flaw in ('', 'inject'):
        header = conn.recv(4, socket.MSG_WAITALL)
        assert header == b'\x20\0\0\x01', header
        flags, packet, charset, zeros = struct.unpack(
            '<IIB23s', conn.recv(32, socket.MSG_WAITALL))
        wanted = SSL | PROTOCOL_41 | SECURE_CONNECTION
        assert flags & wanted == wanted, hex(flags)
        assert packet >= 0xffffff and charset and not any(zeros), (packet, charset, zeros)


def serve(conn, protocol, context, flaw):
    if flaw == 'silent':
        time.sleep(60)
    if flaw == 'close':
        return
    if protocol in LINES:
        by_lines(conn, protocol, flaw)
    elif protocol.startswith('xmpp'):
        by_xmpp(conn, flaw)
    else:
        {'ldap': by_ldap, 'postgres': by_postgres, 'mysql': by_mysql}[protocol](conn, flaw)
    if flaw in ('refuse', 'absent'):
        return
    tls = context.wrap_socket(conn, server_side=True)
    while line := tls.recv(1000):
        tls.sendall(line)
    tls.unwrap()


def main():
    protocol, port, cert, key = sys.argv[1:5]
    flaw = sys.argv[5] if len(sys.argv) > 5 else ''
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with socket.create_server(('127.0.0.1', int(port))) as listener:
        while True:
            conn, _ = listener.accept()
            with conn:
                try:
                    serve(conn, protocol, context, flaw)
                except (OSError, EOFError, AssertionError) as error:
                    print(protocol, repr(error), file=sys.stderr)


main()
